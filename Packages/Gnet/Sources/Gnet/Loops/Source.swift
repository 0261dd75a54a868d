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

  /// What it is watched for while it is not paused.
  var interest: Poller.Interest {
    datagrams?.outbox.isWaitingForRoom == true ? [.readable, .writable] : .readable
  }

  init(_ socket: BoundSocket, loop: EventLoop, output: Reference<RingBuffer>, limit: Int) {
    self.socket = socket
    datagrams = socket.isDatagram ? DatagramEndpoint(socket, loop: loop, output: output, limit: limit) : nil
  }
}
