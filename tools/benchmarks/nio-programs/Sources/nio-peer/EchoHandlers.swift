import NIOCore

/// Sends back what a connection has sent, as SwiftNIO's own example `NIOEchoServer` does: write each buffer, flush
/// once when there is nothing more to read.
final class EchoHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.write(data, promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

/// Sends each datagram back to its sender, as SwiftNIO's own example `NIOUDPEchoServer` does.
final class DatagramEchoHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.write(data, promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
  }

  /// A refused or dropped datagram concerns one peer: the socket stays open.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
