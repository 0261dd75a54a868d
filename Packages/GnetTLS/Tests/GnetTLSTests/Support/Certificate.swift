import CTestCertificates
import GnetTLS

// Unchecked, because nothing changes a certificate once it is made.
/// A certificate that a test makes, with its key.
@safe
final class Certificate: @unchecked Sendable {
  let pem: String
  let key: String
  private let made: OpaquePointer

  /// Makes a certificate that `issuer` signs, or that signs itself.
  ///
  /// - Parameters:
  ///   - alternatives: the names and addresses in it, as OpenSSL writes them.
  ///   - kind: the kind of its key: P-256, RSA, RSA-1024 or ED25519.
  ///   - validity: its period, in seconds from now.
  init(
    _ name: String = "test", _ alternatives: String? = nil, kind: String = "P-256",
    validity: ClosedRange<Int> = -3600...86400, isAuthority: Bool = false, issuer: Certificate? = nil
  ) {
    unsafe made = unsafe name.withCString { name in
      unsafe kind.withCString { kind in
        var request = unsafe ctest_request(
          common_name: name, alternatives: nil, kind: kind, not_before: validity.lowerBound,
          not_after: validity.upperBound,
          is_authority: isAuthority)
        guard let alternatives else { return unsafe ctest_make_certificate(&request, issuer?.made) }
        return unsafe alternatives.withCString {
          unsafe request.alternatives = unsafe $0
          return unsafe ctest_make_certificate(&request, issuer?.made)
        }
      }
    }
    pem = unsafe Self.text(ctest_certificate_text(made))
    key = unsafe Self.text(ctest_key_text(made, nil))
  }

  deinit { unsafe ctest_free_certificate(made) }

  /// The key, encrypted with a password.
  func encryptedKey(_ password: String) -> String { unsafe Self.text(ctest_key_text(made, password)) }

  /// The certificate as an identity, with those of its issuers behind it.
  func identity(_ issuers: Certificate...) throws(TLSError) -> TLSIdentity {
    try TLSIdentity(pem: ([self] + issuers).map(\.pem).joined(), privateKey: key)
  }

  /// The certificate as the only one that is trusted.
  var trust: TrustRoots { .pem(pem) }

  private static func text(_ made: UnsafeMutablePointer<CChar>) -> String {
    defer { unsafe ctest_free_text(made) }
    return unsafe String(cString: made)
  }
}

extension Certificate {
  /// An authority, and a server's certificate of it.
  static let authority = Certificate("authority", isAuthority: true)
  static let localhost = Certificate("localhost", "DNS:localhost,IP:127.0.0.1,IP:::1", issuer: authority)
}
