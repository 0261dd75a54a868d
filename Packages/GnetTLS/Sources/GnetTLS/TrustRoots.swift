internal import CGnetTLS

/// The certificates that vouch for a peer.
public enum TrustRoots: Sendable {
  /// The authorities that the system trusts.
  case system

  /// The certificates in a file in PEM format: authorities, or the peer's own certificate.
  case file(String)

  /// The certificates in a text in PEM format: authorities, or the peer's own certificate.
  case pem(String)

  /// Nothing: any peer is taken. The connection is encrypted, and nobody knows with whom.
  case anyone

  var isAnyone: Bool { if case .anyone = self { true } else { false } }

  /// Has a context trust the certificates.
  func add(to context: TLSContext) throws(TLSError) {
    switch self {
    case .anyone: return
    case .system:
      var failure = unsafe ctls_failure()
      if unsafe ctls_trust_system(context.pointer, &failure) { return }
      throw unsafe TLSError(.invalidTrustRoots, "the trusted certificates of the system", unsafe failure)
    case .file(let path): try read(.file(path), into: context)
    case .pem(let text): try read(.text(text), into: context)
    }
  }

  private func read(_ pem: PEM, into context: TLSContext) throws(TLSError) {
    unsafe try pem.read("the trusted certificates", .invalidTrustRoots) { unsafe ctls_trust(context.pointer, $0, $1) }
  }
}
