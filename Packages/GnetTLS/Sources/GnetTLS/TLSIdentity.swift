internal import CGnetTLS

/// A certificate with those of its issuers, and its private key: ECDSA, RSA or Ed25519.
///
/// Everything is checked when it is made: the key matches, it is strong enough, and all certificates are valid today.
public struct TLSIdentity: Sendable {
  let storage: Storage

  /// Reads an identity from two files in PEM format, which may be one.
  ///
  /// - Parameters:
  ///   - certificateChainFile: the certificate, and behind it those of its issuers, except the root.
  ///   - privateKeyFile: the private key, not encrypted.
  public init(certificateChainFile: String, privateKeyFile: String) throws(TLSError) {
    storage = try Storage(chain: .file(certificateChainFile), key: .file(privateKeyFile))
  }

  /// Reads an identity from texts in PEM format.
  ///
  /// - Parameters:
  ///   - pem: the certificate, and behind it those of its issuers, except the root.
  ///   - privateKey: the private key, not encrypted.
  public init(pem: String, privateKey: String) throws(TLSError) {
    storage = try Storage(chain: .text(pem), key: .text(privateKey))
  }

  // Unchecked, because nothing changes what the pointer leads to once it is made.
  /// The owner of an identity of OpenSSL.
  @safe
  final class Storage: @unchecked Sendable {
    let pointer: OpaquePointer

    init(chain: PEM, key: PEM) throws(TLSError) {
      let pointer = unsafe required(ctls_make_identity())
      unsafe self.pointer = unsafe pointer
      unsafe try chain.read("the certificate", .invalidIdentity) { unsafe ctls_load_chain(pointer, $0, $1) }
      unsafe try key.read("the private key", .invalidIdentity) { unsafe ctls_load_key(pointer, $0, $1) }
      unsafe try chain.read("the certificate", .invalidIdentity) { unsafe ctls_check_identity(pointer, $1) }
    }

    deinit { unsafe ctls_free_identity(pointer) }
  }
}

/// The object that a function of C has made, which fails only without memory.
func required(_ made: OpaquePointer?) -> OpaquePointer {
  guard let made = unsafe made else { fatalError("GnetTLS: out of memory") }
  return unsafe made
}
