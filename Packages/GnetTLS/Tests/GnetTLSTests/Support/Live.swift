import Gnet
import GnetTLS
import TestPeers
import TestSupport
import Testing

extension Service {
  /// Sends all input back.
  static let echo: Service = {
    var events = Events()
    events.react = { connection, input in
      connection.write(moving: &input)
      return .none
    }
    return Service(events)
  }()
}

/// The events of connections, as texts.
final class Notes: Sendable {
  let all = Log<String>()
  private let inputs = Guarded<[UInt8]>([])
  private let session = Guarded<TLSSession?>(nil)

  /// The bytes that have arrived.
  var received: [UInt8] { inputs.current }
  /// The session of the newest connection.
  var newestSession: TLSSession? { session.current }

  /// Notes events, and has `opened` called with each connection.
  func service(_ opened: @escaping @Sendable (inout Connection) -> Void = { _ in }) -> Service {
    var events = Events()
    events.onOpened = { [self] connection in
      let tls = connection.tls
      session.withLock { $0 = tls }
      all.add("opened")
      opened(&connection)
      return .none
    }
    events.react = { [self] _, input in
      let bytes = input.readAll()
      inputs.withLock { $0 += bytes }
      return .none
    }
    events.onClosed = { [self] _, error in
      all.add("closed: \(error.map { "\($0)" } ?? "in order")")
      return .none
    }
    return Service(events)
  }

  func fail(_ error: ConnectError) { all.add("failed: \(error)") }
}

/// Serves over TLS on a port of this machine, for the length of `body`.
func withServer<Result>(
  _ tls: TLSServer, _ service: Service = .echo, options: Options = Options(), _ body: (Server, Int) throws -> Result
) throws -> Result {
  let running = try start([Listener("tcp://127.0.0.1:0", service, filter: tls.filter)], options: options)
  let result = try body(running.server, running.server.addresses[0].port!)
  running.shutdown()
  try running.wait()
  return result
}

/// Runs loops for outbound connections, for the length of `body`.
func withClients<Result>(_ body: (Server) throws -> Result) throws -> Result {
  var options = Options()
  options.loopCount = 1
  let running = try start([], options: options)
  let result = try body(running.server)
  running.shutdown()
  try running.wait()
  return result
}

extension ConnectOptions {
  /// The options of a connection over TLS.
  init(_ tls: TLSClient) {
    self.init()
    filter = tls.filter
  }
}

/// Files with the certificates of the tests, for other programs; removed with this value.
final class CertificateFiles: Sendable {
  private let folder = Files.temporaryPath()
  var authority: String { "\(folder)/authority.pem" }
  var certificate: String { "\(folder)/certificate.pem" }
  var key: String { "\(folder)/key.pem" }

  init(_ certificate: Certificate = .localhost) {
    Files.makeDirectory(folder)
    Files.write(Certificate.authority.pem, to: authority)
    Files.write(certificate.pem, to: self.certificate)
    Files.write(certificate.key, to: key)
  }

  deinit { for path in [authority, certificate, key, folder] { Files.remove(path) } }
}

/// Runs a program to its end, which must be a success, and returns its output.
@discardableResult
func run(_ name: String, _ arguments: [String], input: [UInt8] = []) throws -> String {
  let program = try Program(name, arguments, input: .bytes(input))
  let output = program.outputToEnd()
  #expect(program.exitCode() == 0, "\(program.errorsToEnd())")
  return String(decoding: output, as: UTF8.self)
}
