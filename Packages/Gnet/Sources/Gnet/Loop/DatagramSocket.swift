internal import CGnet
internal import Poller
internal import RingBuffer
internal import SystemPackage

/// A datagram socket of a loop: the slot that stands for the peer of the datagram being served, and the datagrams
/// that wait to be sent.
///
/// Confined to the loop's thread.
final class DatagramSocket {
  /// The socket and its watching.
  var watched: WatchedSocket
  /// The descriptor of `watched`, which is not asked for it: that access would be checked while the program runs.
  let fd: Int32
  let peer: ConnectionSlot
  /// The handler of the listener's service; there is one before the first datagram.
  var handler: HandlerReference? { didSet { hasPreWrite = handler?.hasPreWrite ?? false } }
  private(set) var hasPreWrite = false
  private let outboxPlace: Pinned<DatagramOutbox>
  /// Peers for which a `react` without a datagram was asked.
  var wakes: [(peer: SocketAddress, local: cgnet_local)] = []
  /// The bytes of the outbox that the loop's statistics contain.
  var accountedBytes = 0
  /// Whether nothing more is received: the socket is there for what waits to be sent.
  var isClosing = false

  init(_ watched: WatchedSocket, loop: EventLoop, noOutput: Pinned<RingBuffer>, limit: Int, merges: Bool) {
    assert(watched.socket.isDatagram && noOutput.pointee.isEmpty)
    self.watched = watched
    let socket = watched.socket
    fd = socket.fd
    outboxPlace = Pinned(
      DatagramOutbox(
        isIPv6: socket.isIPv6, port: UInt16(socket.address.port ?? 0), limit: limit, merges: merges))
    peer = Pinned(
      ConnectionState(token: ConnectionToken(slot: 0, generation: 1), loop: loop, lentOutput: noOutput))
    peer.pointee.fd = socket.fd
    peer.pointee.addressIndex = Int32(socket.addressIndex)
    peer.pointee.outbox = outboxPlace
  }

  deinit {
    peer.destroy()
    outboxPlace.destroy()
  }

  var outbox: DatagramOutbox {
    @inline(__always) _read { yield outboxPlace.pointee }
    @inline(__always) _modify { yield &outboxPlace.pointee }
  }

  /// Whether the loop's statistics and the selector know of the datagrams that wait.
  var isSettled: Bool {
    accountedBytes == outbox.byteCount && outbox.isWaitingForWritability != outbox.isEmpty
  }

  /// The events that the socket is to be watched for.
  var interest: Poller.Interest {
    var interest: Poller.Interest = isClosing ? [] : .readable
    if outbox.isWaitingForWritability { interest.insert(.writable) }
    return interest
  }
}

/// Buffers for a batch of received messages, shared by a loop's datagram sockets.
@safe
final class DatagramBuffers {
  private let buffers: OpaquePointer

  init() { unsafe buffers = cgnet_make_buffers() }

  deinit { unsafe cgnet_free_buffers(buffers) }

  /// Receives a batch: its messages are the first at `messages`, until the next one.
  func receive(_ fd: Int32, _ system: some LoopSystem) -> Transfer {
    unsafe system.receivingDatagrams(fd, into: buffers)
  }

  var messages: UnsafePointer<cgnet_datagrams> { unsafe cgnet_received(buffers) }
}
