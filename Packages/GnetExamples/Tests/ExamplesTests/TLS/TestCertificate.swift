import Foundation
import TestPeers
import TestSupport
import Testing

/// A certificate of `tools/certificate`, in a folder of its own; removed with this value.
final class TestCertificate: Sendable {
  let folder = Files.temporaryPath()
  var certificate: String { "\(folder)/certificate.pem" }
  var key: String { "\(folder)/key.pem" }

  /// The arguments of a server with this certificate.
  var arguments: [String] { ["--tls-certificate", certificate, "--tls-key", key] }

  init(_ names: String...) throws {
    Files.makeDirectory(folder)
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../../..").standardized
    let tool = try Program(root.appending(path: "tools/certificate").path, [folder] + names)
    #expect(tool.exitCode() == 0, "\(tool.errorsToEnd())")
  }

  deinit { for path in [certificate, key, folder] { Files.remove(path) } }
}
