internal import CGnetTLS

/// The reason why TLS could not be set up, or has ended a connection.
public struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of a failure.
  public enum Code: Hashable, Sendable {
    /// A certificate or a private key that cannot be read, does not match the other, is too weak, or has expired.
    case invalidIdentity

    /// Trusted certificates that cannot be read.
    case invalidTrustRoots

    /// A setting that makes no sense.
    case invalidConfiguration

    /// The certificate of the peer was refused, or the peer has shown none.
    case certificateRefused

    /// The peer has ended the connection with an alert.
    case alertReceived

    /// The handshake failed for another reason.
    case handshakeFailed

    /// A record of an established connection was not valid.
    case invalidRecord

    /// The peer's stream ended without `close_notify`: an attacker may have cut it.
    case truncated
  }

  /// The kind of the failure.
  public let code: Code

  private let reason: Reason

  private enum Reason: Hashable {
    case text(String)
    /// A code of OpenSSL, and the result of the verification of a certificate. Text is made of it when somebody asks: what
    /// peers do must cost little.
    case library(UInt, verification: Int)
  }

  init(_ code: Code, _ reason: String) {
    self.code = code
    self.reason = .text(reason)
  }

  /// The failure to read or use what `subject` names.
  init(_ code: Code, _ subject: String, _ failure: ctls_failure) {
    unsafe self.init(code, "\(subject): \(failure.text)")
  }

  /// The failure of a connection.
  init(_ failure: ctls_failure, isEstablished: Bool) {
    reason = unsafe Reason.library(failure.code, verification: failure.verification)
    if unsafe failure.verification != 0 {
      code = .certificateRefused
    } else if unsafe ctls_is_alert_of_peer(failure.code) {
      code = .alertReceived
    } else {
      code = isEstablished ? .invalidRecord : .handshakeFailed
    }
  }

  /// The failure in one line.
  public var description: String {
    switch code {
    case .invalidIdentity, .invalidTrustRoots, .invalidConfiguration, .truncated: text
    case .certificateRefused: "the certificate of the peer is refused: \(text)"
    case .alertReceived: "the peer has ended TLS: \(text)"
    case .handshakeFailed: "the TLS handshake failed: \(text)"
    case .invalidRecord: "TLS failed: \(text)"
    }
  }

  private var text: String {
    switch reason {
    case .text(let text): text
    case .library(let code, let verification):
      unsafe ctls_failure(code: code, verification: verification, own: nil).text
    }
  }
}

extension ctls_failure {
  /// The reason in words.
  var text: String {
    unsafe withUnsafePointer(to: self) { failure in
      unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        unsafe ctls_describe(failure, buffer.baseAddress!, buffer.count)
        return unsafe String(cString: buffer.baseAddress!)
      }
    }
  }
}
