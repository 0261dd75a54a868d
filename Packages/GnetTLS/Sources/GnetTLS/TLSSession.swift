/// The outcome of a handshake: the choices that the two sides have agreed on.
public struct TLSSession: Hashable, Sendable {
  /// The version of TLS.
  public let version: TLSVersion

  /// The name of the cipher suite in IANA's registry, such as `TLS_AES_128_GCM_SHA256`.
  public let cipherSuite: String

  /// The protocol that the sides have agreed on by ALPN (RFC 7301), such as `h2`; `nil` without one.
  public let applicationProtocol: String?

  /// The name of the server that the client has asked for (RFC 6066); `nil` without one.
  public let serverName: String?

  /// The certificate of the peer, in DER; `nil` when the peer has shown none.
  public let peerCertificate: [UInt8]?

  /// Whether an earlier session was resumed, in which case no certificates were exchanged: ``peerCertificate`` is that of the
  /// earlier session.
  public let isResumed: Bool
}
