import Testing

@testable import Gnet

/// A server of streams in one of the ways there are to run it.
struct StreamSetup: Sendable, CustomTestStringConvertible {
  let transport: StreamTransport
  let loopCount: Int
  var reusePort = false
  var loadBalancing = LoadBalancing.roundRobin

  var testDescription: String {
    "\(transport), \(loopCount) loops\(reusePort ? ", reuseport" : ""), \(loadBalancing)"
  }

  var address: String { transport.address() + (reusePort ? "?reuseport=true" : "") }

  var options: Options {
    var options = Options(loopCount: loopCount)
    options.loadBalancing = loadBalancing
    return options
  }

  static let all: [StreamSetup] =
    [1, 3].flatMap { loopCount in
      StreamTransport.allCases.map { StreamSetup(transport: $0, loopCount: loopCount) } + [
        StreamSetup(transport: .tcp4, loopCount: loopCount, reusePort: true)
      ]
    } + [
      StreamSetup(transport: .tcp4, loopCount: 3, loadBalancing: .leastConnections),
      StreamSetup(transport: .unix, loopCount: 3, loadBalancing: .sourceAddressHash),
    ]
}
