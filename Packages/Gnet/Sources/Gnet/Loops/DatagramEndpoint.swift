internal import CGnet
internal import RingBuffer

/// What a loop keeps for a datagram socket: the slot that stands for the peer of the datagram being served, and
/// the datagrams that wait to be sent.
final class DatagramEndpoint {
  let socket: BoundSocket
  let peer: Slot
  private let outboxPlace: Reference<DatagramOutbox>
  /// Peers for which a `react` without a datagram was asked.
  var wakes: [(peer: SocketAddress, local: cgnet_local)] = []
  /// What of the outbox the loop's statistics contain.
  var accountedBytes = 0

  init(_ socket: BoundSocket, loop: EventLoop, output: Reference<RingBuffer>, limit: Int) {
    self.socket = socket
    outboxPlace = Reference(
      placing: DatagramOutbox(
        isIPv6: socket.isIPv6, port: UInt16(socket.address.port ?? 0), limit: limit,
        merges: Syscalls.canSegment(socket.fd)))
    peer = Reference(placing: ConnectionState(index: 0, loop: loop, lentOutput: output))
    peer.pointee.phase = .datagram
    peer.pointee.fd = socket.fd
    peer.pointee.addressIndex = socket.addressIndex
    peer.pointee.outbox = outboxPlace
  }

  deinit {
    peer.destroy()
    outboxPlace.destroy()
  }

  var outbox: DatagramOutbox {
    _read { yield outboxPlace.pointee }
    _modify { yield &outboxPlace.pointee }
  }
}

/// Room for a batch of received messages, shared by a loop's datagram sockets.
@safe
final class DatagramRoom {
  private let room: OpaquePointer

  init() { unsafe room = cgnet_make_room() }

  deinit { unsafe cgnet_free_room(room) }

  /// Receives a batch: its messages are the first at `messages`, until the next one.
  func receive(_ fd: Int32) -> Transfer { unsafe Syscalls.receive(fd, datagrams: room) }

  var messages: UnsafePointer<cgnet_datagrams> { unsafe cgnet_received(room) }
}
