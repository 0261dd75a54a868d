internal import Poller
internal import RingBuffer

/// A socket that connections or datagrams come in by.
final class Source {
  let socket: BoundSocket
  /// What a datagram socket has besides.
  let datagrams: DatagramEndpoint?
  /// When accepting goes on; set while it is paused for want of descriptors or memory.
  var resumption: MonotonicTime?
  /// When the shortage that was reported was last felt; `nil` if there is none.
  var lastShortage: MonotonicTime?

  /// Whether nothing more is taken from it: it is there for what waits to be sent.
  var isClosing = false

  /// Whether nothing waits to be sent.
  var hasDrained: Bool { datagrams?.outbox.isEmpty ?? true }

  /// What it is watched for while it is not paused.
  var interest: Poller.Interest {
    var interest: Poller.Interest = isClosing ? [] : .readable
    if datagrams?.outbox.isWaitingForRoom == true { interest.insert(.writable) }
    return interest
  }

  init(_ socket: BoundSocket, loop: EventLoop, output: Reference<RingBuffer>, limit: Int) {
    self.socket = socket
    datagrams = socket.isDatagram ? DatagramEndpoint(socket, loop: loop, output: output, limit: limit) : nil
  }
}
