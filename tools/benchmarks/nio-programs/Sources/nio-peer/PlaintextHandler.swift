import NIOCore
import NIOHTTP1

/// Answers `GET /plaintext` with the same bytes that every other server of the comparison sends, and a POST with the length of
/// its body.
final class PlaintextHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private static let body = ByteBuffer(string: "Hello, World!")
  private static let headers: HTTPHeaders = [
    "Content-Type": "text/plain", "Content-Length": "\(body.readableBytes)",
  ]

  private var isKnown = false
  private var keepsAlive = true
  /// The bytes of the body so far; `nil` without a POST.
  private var byteCount: Int?

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      isKnown = head.uri == "/plaintext"
      keepsAlive = head.isKeepAlive
      byteCount = head.method == .POST ? 0 : nil
    case .body(let part):
      byteCount? += part.readableBytes
    case .end:
      if let byteCount { answer(context, with: byteCount) } else { answer(context) }
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func answer(_ context: ChannelHandlerContext) {
    let head =
      isKnown
      ? HTTPResponseHead(version: .http1_1, status: .ok, headers: Self.headers)
      : HTTPResponseHead(version: .http1_1, status: .notFound, headers: ["Content-Length": "0"])
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if isKnown { context.write(wrapOutboundOut(.body(.byteBuffer(Self.body))), promise: nil) }
    finish(context)
  }

  private func answer(_ context: ChannelHandlerContext, with byteCount: Int) {
    let body = context.channel.allocator.buffer(string: "\(byteCount)")
    let headers: HTTPHeaders = ["Content-Type": "text/plain", "Content-Length": "\(body.readableBytes)"]
    context.write(
      wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers))), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    finish(context)
  }

  private func finish(_ context: ChannelHandlerContext) {
    if keepsAlive {
      context.write(wrapOutboundOut(.end(nil)), promise: nil)
    } else {
      let ended = context.eventLoop.makePromise(of: Void.self)
      ended.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: ended)
    }
  }
}
