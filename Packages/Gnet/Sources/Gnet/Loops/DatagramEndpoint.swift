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

/// Room for a batch of messages of any size, shared by a loop's datagram sockets. Memory that is never written
/// to costs nothing, so a load of small datagrams touches one page of each.
@safe
final class DatagramRoom {
  /// More than any datagram holds, or datagrams that were merged, so that none is cut.
  static let datagramCapacity = 65536

  let datagrams: UnsafeMutableBufferPointer<cgnet_datagrams>
  private let bytes: UnsafeMutableRawPointer

  init() {
    let count = Int(CGNET_DATAGRAM_BATCH)
    unsafe bytes = .allocate(byteCount: count * Self.datagramCapacity, alignment: 64)
    unsafe datagrams = .allocate(capacity: count)
    for index in 0..<count {
      unsafe datagrams.initializeElement(at: index, to: cgnet_datagrams())
      unsafe datagrams[index].bytes = bytes + index * Self.datagramCapacity
      unsafe datagrams[index].capacity = Self.datagramCapacity
    }
  }

  deinit {
    unsafe datagrams.deallocate()
    unsafe bytes.deallocate()
  }
}
