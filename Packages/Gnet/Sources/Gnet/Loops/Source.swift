internal import Poller
internal import RingBuffer

/// A socket that connections or datagrams come in by.
final class Source {
  let socket: BoundSocket
  /// What a datagram socket has besides.
  let datagrams: DatagramEndpoint?
  /// When accepting goes on; set while it is paused for want of descriptors or memory.
  var resumption: MonotonicTime?
  /// Whether there is a shortage that was reported and is not over.
  var isShort = false

  init(_ socket: BoundSocket, loop: EventLoop, output: Reference<RingBuffer>, limit: Int) {
    self.socket = socket
    datagrams = socket.isDatagram ? DatagramEndpoint(socket, loop: loop, output: output, limit: limit) : nil
  }
}
