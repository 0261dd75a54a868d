// nio-peer echo|http|websocket ADDRESS [THREADS]
// nio-peer udp ADDRESS
// nio-peer proxy ADDRESS BACKEND
//
// An echo server, an HTTP server for GET /plaintext and POST, an echo of WebSocket, or a proxy, on SwiftNIO with the setup of
// its examples. ADDRESS is HOST:PORT or unix://PATH, and BACKEND is HOST:PORT. Prints the listening address to standard
// output.
import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

func fail(_ message: String) -> Never {
  let text = """
    nio-peer: \(message)
    usage: nio-peer echo|http|websocket|udp HOST:PORT|unix://PATH [THREADS]
           nio-peer proxy HOST:PORT|unix://PATH HOST:PORT

    """
  write(STDERR_FILENO, text, text.utf8.count)
  exit(64)
}

let arguments = CommandLine.arguments
guard arguments.count == 3 || arguments.count == 4 else { fail("two or three arguments are needed") }
let (mode, address) = (arguments[1], arguments[2])
let option = arguments.count == 4 ? arguments[3] : nil
let threads = mode == "proxy" ? 1 : Int(option ?? "1") ?? 0
guard threads > 0 else { fail("\(option ?? "") threads?") }
let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)

func streams(_ addHandlers: @escaping @Sendable (any Channel) throws -> Void) -> ServerBootstrap {
  streams(preparing: { channel in channel.eventLoop.makeCompletedFuture { try addHandlers(channel) } })
}

func streams(preparing: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>) -> ServerBootstrap {
  ServerBootstrap(group: group)
    .serverChannelOption(.backlog, value: 1024)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelInitializer(preparing)
    .childChannelOption(.maxMessagesPerRead, value: 16)
    .childChannelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator())
}

func bind(_ bootstrap: ServerBootstrap) throws -> any Channel {
  if address.hasPrefix("unix://") {
    return try bootstrap.bind(unixDomainSocketPath: String(address.dropFirst(7)), cleanupExistingSocketFile: true)
      .wait()
  }
  let (host, port) = hostAndPort(address)
  return try bootstrap.bind(host: host, port: port).wait()
}

func hostAndPort(_ address: String) -> (String, Int) {
  guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]) else {
    fail("no port in \(address)")
  }
  return (String(address[..<colon]), port)
}

let channel: any Channel
switch mode {
case "echo":
  channel = try bind(
    streams { channel in
      // Reads no faster than it can write.
      try channel.pipeline.syncOperations.addHandler(BackPressureHandler())
      try channel.pipeline.syncOperations.addHandler(EchoHandler())
    })
case "http":
  channel = try bind(
    streams { channel in
      try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
      try channel.pipeline.syncOperations.addHandler(PlaintextHandler())
    }
    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1))
case "websocket":
  channel = try bind(
    streams { channel in
      let upgrade = (
        upgraders: [WebSocketEchoHandler.upgrader], completionHandler: { @Sendable (_: ChannelHandlerContext) in }
      )
      try channel.pipeline.syncOperations.configureHTTPServerPipeline(withServerUpgrade: upgrade)
    }
    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1))
case "udp":
  let (host, port) = hostAndPort(address)
  channel = try DatagramBootstrap(group: group)
    .channelOption(.socketOption(.so_reuseaddr), value: 1)
    .channelOption(.datagramVectorReadMessageCount, value: 30)
    .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 30 * 2048))
    .channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(DatagramEchoHandler())
      }
    }
    .bind(host: host, port: port).wait()
case "proxy":
  guard let option else { fail("a backend is needed") }
  let (host, port) = hostAndPort(option)
  let backend = try SocketAddress(ipAddress: host, port: port)
  channel = try bind(
    streams(preparing: { client in RelayHandler.relay(client, to: backend) })
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1))
default:
  fail("there is no mode \(mode)")
}

let port = channel.localAddress?.port
print("listening on \(address.hasPrefix("unix://") ? address : "\(address.prefix { $0 != ":" }):\(port ?? 0)")")
fflush(nil)
try channel.closeFuture.wait()
