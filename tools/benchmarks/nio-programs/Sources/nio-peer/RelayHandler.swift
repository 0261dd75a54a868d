import NIOCore
import NIOPosix

/// Passes what one connection sends to another on the same event loop, as the handlers of SwiftNIO's own example
/// `connect-proxy` do: write each buffer, flush once when there is nothing more to read, and read only while the other
/// connection is writable.
final class RelayHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var context: ChannelHandlerContext?
  private var peer: RelayHandler?
  private var hasDeferredRead = false

  /// Connects an accepted connection to the backend.
  static func relay(_ client: any Channel, to backend: SocketAddress) -> EventLoopFuture<Void> {
    let (clientHandler, backendHandler) = (RelayHandler(), RelayHandler())
    (clientHandler.peer, backendHandler.peer) = (backendHandler, clientHandler)
    let bound = NIOLoopBound(backendHandler, eventLoop: client.eventLoop)
    return client.eventLoop.makeCompletedFuture {
      try client.pipeline.syncOperations.addHandler(clientHandler)
    }.flatMap {
      ClientBootstrap(group: client.eventLoop)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
        }
        .channelOption(.allowRemoteHalfClosure, value: true)
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .channelOption(.maxMessagesPerRead, value: 16)
        .channelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator())
        .connect(to: backend)
    }.map { _ in }
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    peer = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    peer?.readAgain()
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    peer?.context?.write(data, promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    peer?.context?.flush()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .some(.inputClosed) = event as? ChannelEvent {
      peer?.close(.output)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { peer?.readAgain() }
  }

  func channelInactive(context: ChannelHandlerContext) {
    peer?.close(.all)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  func read(context: ChannelHandlerContext) {
    if let channel = peer?.context?.channel, channel.isActive, channel.isWritable {
      context.read()
    } else {
      hasDeferredRead = true
    }
  }

  /// Closes the connection once its output is written: SwiftNIO drops this output if the input has ended.
  private func close(_ mode: CloseMode) {
    guard let context else { return }
    if (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) == 0 {
      context.close(mode: mode, promise: nil)
    } else {
      let written = context.eventLoop.makePromise(of: Void.self)
      written.futureResult.assumeIsolated().whenComplete { _ in context.close(mode: mode, promise: nil) }
      context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
    }
  }

  /// Reads what was to be read while the other connection was not writable, or not yet active.
  private func readAgain() {
    guard hasDeferredRead else { return }
    hasDeferredRead = false
    context?.read()
  }
}
