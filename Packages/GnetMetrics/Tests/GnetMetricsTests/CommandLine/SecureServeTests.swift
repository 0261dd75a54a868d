import Foundation
import Gnet
import GnetTLS
import MetricsClient
import TestPeers
import TestSupport
import Testing

@Suite("serve over TLS", .needs("openssl", "curl"))
struct SecureServeTests {
  /// Runs `gnet-metrics serve` over TLS with some arguments more, for the length of `body`, which is given its port.
  private func withTool(_ certificate: TestCertificate, _ arguments: [String], _ body: (Int) throws -> Void) throws {
    let program = try Program("gnet-metrics", ["serve", "--listen", "127.0.0.1:0"] + certificate.arguments + arguments)
    try require("it listens") { program.outputSoFar.hasSuffix("/metrics\n") }
    let address = #/^listening on https://127\.0\.0\.1:(\d+)/metrics/#
    try body(Int(try #require(program.outputSoFar.firstMatch(of: address)).1)!)
    program.signal(SIGINT)
    #expect(try program.result().status == 0)
  }

  /// Starts curl, which trusts a certificate.
  private func curl(_ certificate: TestCertificate, _ port: Int, _ path: String, _ options: [String] = []) throws
    -> Program
  {
    let address = "https://localhost:\(port)\(path)"
    return try Program("curl", ["-sS", "--cacert", certificate.certificate] + options + [address])
  }

  @Test(
    "Prometheus and browsers are answered over https, also with the oldest version of TLS", arguments: ["1.2", "1.3"])
  func answers(version: String) throws {
    let certificate = try TestCertificate()
    try withServer(try TestServer()) { server in
      try withTool(certificate, [server.metrics]) { port in
        let options = ["-i", "--tls-max", version]
        let metrics = try curl(certificate, port, "/metrics", options).result()
        #expect(metrics.status == 0 && metrics.output.hasPrefix("HTTP/1.1 200 OK\r\n"), "\(metrics)")
        #expect(metrics.output.contains("\ngnet_up{server=\"\(server.metrics)\"} 1\n"))
        let page = try curl(certificate, port, "/", options).result()
        #expect(page.status == 0 && page.output.contains("Content-Security-Policy: default-src 'none';"))
        #expect(page.output.hasSuffix("</html>\n"))
      }
    }
  }

  @Test("a viewer of the page gets the updates over TLS")
  func updates() throws {
    let certificate = try TestCertificate()
    try withServer(try TestServer()) { server in
      try withTool(certificate, [server.metrics, "--interval", "10ms"]) { port in
        let viewer = try curl(certificate, port, "/events", ["-N"])
        try require("three events have come") {
          viewer.outputSoFar.split(separator: "data: {\"server\":").count > 3
        }
        #expect(viewer.outputSoFar.contains("\"server_start_time\":"))
        viewer.signal(SIGTERM)
      }
    }
  }

  @Test("a client must show a certificate of the authority, if there is one")
  func clientCertificates() throws {
    let (certificate, own, other) = try (TestCertificate(), TestCertificate(), TestCertificate())
    try withServer(try TestServer()) { server in
      try withTool(certificate, [server.metrics, "--tls-client-ca", own.certificate]) { port in
        for options in [[], ["--cert", other.certificate, "--key", other.key]] {
          let refused = try curl(certificate, port, "/metrics", options).result()
          #expect(refused.status != 0 && refused.output == "" && refused.errors.contains("alert"), "\(refused)")
        }
        let taken = try curl(certificate, port, "/metrics", ["--cert", own.certificate, "--key", own.key]).result()
        #expect(taken.status == 0 && taken.output.contains("gnet_up{"), "\(taken)")
      }
    }
  }

  @Test(
    "HTTP without TLS, garbage, and the beginning of a record that never ends are closed, and the next client is served"
  )
  func foreignBytes() throws {
    let certificate = try TestCertificate()
    try withServer(try TestServer()) { server in
      try withTool(certificate, [server.metrics]) { port in
        let garbage = (0..<200).map { UInt8($0) }
        for bytes in [Array("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".utf8), garbage] {
          let client = try Client(port: port)
          try client.send(bytes)
          let answer = try client.receiveToEnd()
          // No more than an alert.
          #expect(answer.count <= 7 && !String(decoding: answer, as: UTF8.self).hasPrefix("HTTP"))
        }
        #expect(try curl(certificate, port, "/healthz").result().output == "\(server.metrics): serving\n")
      }
    }
  }

  @Test("clients that say nothing, or only the beginning of a hello, are closed when the handshake has taken too long")
  func silence() throws {
    let certificate = try TestCertificate()
    let identity = try TLSIdentity(certificateChainFile: certificate.certificate, privateKeyFile: certificate.key)
    let tls = try TLSServer(identity) { $0.handshakeTimeout = .milliseconds(300) }
    let endpoint = PrometheusEndpoint([Files.temporaryPath()]) { _ in }
    let listener = Listener("tcp://127.0.0.1:0", endpoint.service, filter: tls.filter)
    let running = try start([listener], options: PrometheusEndpoint.options)
    let clients = try (0..<20).map { _ in try Client(running.server.addresses[0]) }
    for (index, client) in clients.enumerated() where index % 2 == 1 { try client.send([0x16, 3, 1, 1, 0, 1, 0]) }
    for client in clients { #expect(try client.receiveToEnd().count <= 7) }
    try require("the failures are counted") { tls.statistics.failuresByReason == [.timedOut: 20] }
    let answer = try curl(certificate, running.server.addresses[0].port!, "/metrics").result()
    #expect(answer.output.contains("gnet_up{"), "\(answer)")
    running.shutdown()
    try running.wait()
  }

  @Test("files that cannot be used are one line on standard error")
  func unusableFiles() throws {
    let certificate = try TestCertificate()
    let arguments = ["--tls-certificate", "/no/file", "--tls-key", certificate.key]
    let (status, output, errors) = try Program("gnet-metrics", ["serve", "/no/socket"] + arguments).result()
    #expect(status == 1 && output == "")
    #expect(errors == "Error: the certificate in file \"/no/file\": No such file or directory\n")
  }

  @Test(
    "arguments that need others are refused, with a word about these",
    arguments: [["--tls-key", "k"], ["--tls-certificate", "c"], ["--tls-client-ca", "c"]])
  func incompleteArguments(arguments: [String]) throws {
    let (status, _, errors) = try Program("gnet-metrics", ["serve", "/no/socket"] + arguments).result()
    #expect(status == 64 && errors.contains(" need"), "\(errors)")
  }
}
