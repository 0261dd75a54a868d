import Foundation
import TestPeers
import Testing

@Suite("proxy, its arguments")
struct ProxyArgumentTests {
  @Test(
    "wrong arguments are one clear line and exit code 64",
    arguments: [
      ([], "Missing expected argument '--to <address> ...'"),
      (["--to", "localhost"], #"--to: invalid address "localhost": the port is missing"#),
      (["--to", "http://x:1"], #"--to: invalid address "http://x:1": unsupported scheme: use tcp, tcp4"#),
      (["--to", "127.0.0.1:0"], #"--to: invalid address "127.0.0.1:0": port 0 cannot be connected to"#),
      (["--to", "x:1", "--to", "udp://x:1"], "--to udp://x:1: streams are relayed here, not datagrams."),
      (["--to", "x:1", "--check-interval", "-1"], "--check-interval"),
      (["--to", "x:1", "--check-interval=-1"], "'--check-interval <ms>': It must be from 0 to 3600000."),
      (["--to", "x:1", "--connect-timeout", "0"], "'--connect-timeout <seconds>': It must be from 0.001 to 3600."),
      (["--to", "x:1", "--connect-timeout", "nan"], "'--connect-timeout <seconds>': It must be from 0.001 to 3600."),
      (["--to", "x:1", "--balance", "random"], "round-robin"),
      (["--to", "x:1", "--send-proxy", "v3"], "v1"),
    ])
  func wrong(arguments: [String], message: String) throws {
    let proxy = try Program("proxy", ["tcp://127.0.0.1:0"] + arguments)
    let errors = proxy.errorsToEnd()
    let line = errors.prefix { $0 != "\n" }
    #expect(line.hasPrefix("Error: ") && line.contains(message), "\(errors)")
    #expect(errors.contains("Usage: proxy") && proxy.outputToEnd().isEmpty)
    #expect(proxy.exitCode() == 64)
  }

  @Test("an address of datagrams to listen on is one line and exit code 1")
  func datagrams() throws {
    let proxy = try Program("proxy", ["udp://127.0.0.1:0", "--to", "x:1"])
    #expect(
      proxy.errorsToEnd()
        == "Error: invalid address \"udp://127.0.0.1:0\": connections are served here, not datagrams\n")
    #expect(proxy.exitCode() == 1)
  }

  @Test("it is short enough to be read: under 300 lines")
  func length() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources/proxy")
    var count = 0
    for file in try FileManager.default.contentsOfDirectory(at: folder.standardized, includingPropertiesForKeys: nil) {
      count += try String(contentsOf: file, encoding: .utf8).count { $0 == "\n" }
    }
    #expect(100..<300 ~= count)
  }
}
