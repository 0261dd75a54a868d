import SystemPackage
public import TestPeers
import TestSupport
import Testing

@testable import Gnet

extension SocketAddress: PeerAddress {}

extension Client {
  /// This client's own address.
  var localAddress: SocketAddress { get throws { try Kernel.shared.localAddress(of: fd) } }
}

/// Every transport of streams, as a fresh address to serve on.
enum StreamTransport: String, CaseIterable, CustomTestStringConvertible {
  case tcp4, tcp6, unix

  var testDescription: String { rawValue }

  func address() -> String {
    switch self {
    case .tcp4: "tcp4://127.0.0.1:0"
    case .tcp6: "tcp6://[::1]:0"
    case .unix: "unix://\(Files.temporaryPath())"
    }
  }
}
