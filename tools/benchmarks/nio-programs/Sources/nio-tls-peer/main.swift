// nio-tls-peer ADDRESS CERTIFICATE KEY
//
// An echo server over TLS, on SwiftNIO and swift-nio-ssl with the setup of their examples. ADDRESS is HOST:PORT. Prints
// the listening address to standard output.
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

let arguments = CommandLine.arguments
guard arguments.count == 4, let colon = arguments[1].lastIndex(of: ":"),
  let port = Int(arguments[1][arguments[1].index(after: colon)...])
else {
  let text = "usage: nio-tls-peer HOST:PORT CERTIFICATE KEY\n"
  write(STDERR_FILENO, text, text.utf8.count)
  exit(64)
}
let host = String(arguments[1][..<colon])
let context = try NIOSSLContext(
  configuration: .makeServerConfiguration(
    certificateChain: NIOSSLCertificate.fromPEMFile(arguments[2]).map { .certificate($0) },
    privateKey: .privateKey(NIOSSLPrivateKey(file: arguments[3], format: .pem))))

let channel = try ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
  .serverChannelOption(.backlog, value: 1024)
  .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
  .childChannelInitializer { channel in
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
      // Reads no faster than it can write.
      try channel.pipeline.syncOperations.addHandler(BackPressureHandler())
      try channel.pipeline.syncOperations.addHandler(EchoHandler())
    }
  }
  .childChannelOption(.maxMessagesPerRead, value: 16)
  .childChannelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator())
  .bind(host: host, port: port).wait()
print("listening on \(host):\(channel.localAddress?.port ?? 0)")
fflush(nil)
try channel.closeFuture.wait()
