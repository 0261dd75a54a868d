internal import CGnetTLS

/// The kind of a handshake's failure, for statistics: whichever side has refused the other.
public enum TLSHandshakeFailure: String, Hashable, Sendable, CaseIterable {
  /// There is no version that both sides speak.
  case protocolVersion = "protocol_version"

  /// There is no cipher suite, group or signature algorithm that both sides know.
  case noSharedCipher = "no_shared_cipher"

  /// There is no protocol of ALPN that both sides speak.
  case applicationProtocol = "application_protocol"

  /// A certificate was refused, or is missing.
  case certificate

  /// The handshake took longer than its time limit.
  case timedOut = "timed_out"

  /// The peer has ended the connection, or was not reachable any more.
  case peerClosed = "peer_closed"

  /// The peer does not speak TLS.
  case notTLS = "not_tls"

  /// Any other reason.
  case other

  /// The kind of a failure that OpenSSL reports.
  init(_ failure: ctls_failure) {
    self =
      switch unsafe ctls_kind_of(failure) {
      case CTLS_KIND_PROTOCOL_VERSION: .protocolVersion
      case CTLS_KIND_NO_SHARED_CIPHER: .noSharedCipher
      case CTLS_KIND_APPLICATION_PROTOCOL: .applicationProtocol
      case CTLS_KIND_CERTIFICATE: .certificate
      case CTLS_KIND_NOT_TLS: .notTLS
      default: .other
      }
  }
}
