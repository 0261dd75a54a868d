import COpenSSL
import Foundation
import Synchronization

/// The server's side of TLS for the connections of a test, on blocking sockets.
final class TLSSide: Sendable {
  private let folder: String
  /// Whether tickets of one connection mean nothing to the next.
  private let forgetsTickets: Bool
  private let state = Mutex(State())

  private struct State: ~Copyable {
    nonisolated(unsafe) var context: OpaquePointer?
    var resumptions: [Bool] = []
  }

  /// Makes a certificate.
  init(forgetsTickets: Bool = false) throws {
    self.forgetsTickets = forgetsTickets
    folder = FileManager.default.temporaryDirectory.appending(path: "gnet-load-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    process.arguments! += [
      "-subj", "/CN=localhost", "-keyout", "\(folder)/key.pem", "-out", "\(folder)/certificate.pem",
    ]
    process.standardError = Pipe()
    try process.run()
    process.waitUntilExit()
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Whether each connection so far has resumed a session.
  var resumptions: [Bool] { state.withLock { $0.resumptions } }

  /// Makes the handshake of a connection; `nil` if it fails.
  func accept(_ fd: Int32) -> Connection? {
    let ssl = state.withLock { state -> Connection in
      if state.context == nil || forgetsTickets { state.context = makeContext() }
      return Connection(ssl: SSL_new(state.context))
    }
    SSL_set_fd(ssl.ssl, fd)
    guard SSL_accept(ssl.ssl) == 1 else {
      SSL_free(ssl.ssl)
      return nil
    }
    let isResumed = SSL_session_reused(ssl.ssl) == 1
    state.withLock { $0.resumptions.append(isResumed) }
    return ssl
  }

  private func makeContext() -> OpaquePointer? {
    let context = SSL_CTX_new(TLS_server_method())
    SSL_CTX_use_certificate_chain_file(context, "\(folder)/certificate.pem")
    SSL_CTX_use_PrivateKey_file(context, "\(folder)/key.pem", SSL_FILETYPE_PEM)
    return context
  }

  // Unchecked, because one thread at a time uses a connection.
  /// A connection over TLS.
  struct Connection: @unchecked Sendable {
    let ssl: OpaquePointer?

    func receive(_ buffer: inout [UInt8]) -> Int { Int(SSL_read(ssl, &buffer, Int32(buffer.count))) }

    func send(_ bytes: ArraySlice<UInt8>) -> Int {
      bytes.withUnsafeBytes { Int(SSL_write(ssl, $0.baseAddress, Int32($0.count))) }
    }

    func end() {
      SSL_shutdown(ssl)
      SSL_free(ssl)
    }
  }
}
