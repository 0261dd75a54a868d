import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Sends the frames of a WebSocket back, as SwiftNIO's own example `NIOWebSocketServer` answers: a frame for a frame, and one
/// flush when there is nothing more to read.
final class WebSocketEchoHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  static var upgrader: NIOWebSocketServerUpgrader {
    NIOWebSocketServerUpgrader(
      maxFrameSize: 1 << 20,
      shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
      upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(WebSocketEchoHandler())
        }
      })
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    guard frame.opcode == .binary else { return context.close(promise: nil) }
    context.write(
      wrapOutboundOut(WebSocketFrame(fin: frame.fin, opcode: .binary, data: frame.unmaskedData)), promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
