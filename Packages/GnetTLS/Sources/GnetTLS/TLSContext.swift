internal import CGnetTLS

// Unchecked, because a context is set up by one thread, before others see it. OpenSSL has locks for the rest.
/// The owner of a context of OpenSSL, from which the streams of many connections are made.
@safe
final class TLSContext: @unchecked Sendable {
  let pointer: OpaquePointer
  /// The keys that `pointer` refers to.
  private var tickets: TicketKeys?
  /// The contexts that `pointer` refers to.
  private var others: [TLSContext] = []

  init(isServer: Bool, _ minimum: TLSVersion, _ maximum: TLSVersion) {
    unsafe pointer = unsafe required(ctls_make_context(isServer, Int32(minimum.rawValue), Int32(maximum.rawValue)))
  }

  static func check(_ minimum: TLSVersion, _ maximum: TLSVersion, _ handshakeTimeout: Duration) throws(TLSError) {
    if minimum > maximum { throw TLSError(.invalidConfiguration, "the oldest version is above the newest") }
    if handshakeTimeout <= .zero {
      throw TLSError(.invalidConfiguration, "the time limit of a handshake must be positive")
    }
  }

  deinit { unsafe ctls_free_context(pointer) }

  func use(_ identity: TLSIdentity) throws(TLSError) {
    var failure = unsafe ctls_failure()
    if unsafe ctls_use_identity(pointer, identity.storage.pointer, &failure) { return }
    throw unsafe TLSError(.invalidIdentity, "the certificate", unsafe failure)
  }

  func use(_ protocols: ProtocolNames) {
    guard !protocols.encoded.isEmpty else { return }
    let isUsed = unsafe protocols.encoded.withUnsafeBytes {
      unsafe ctls_use_protocols(pointer, $0.baseAddress, $0.count)
    }
    if !isUsed { fatalError("GnetTLS: out of memory") }
  }

  func use(_ tickets: TicketKeys) {
    unsafe ctls_use_tickets(pointer, tickets.pointer)
    self.tickets = tickets
  }

  /// Trusts whom another context trusts.
  func shareTrust(of other: TLSContext) {
    if unsafe !ctls_share_trust(pointer, other.pointer) { fatalError("GnetTLS: out of memory") }
  }

  func set(_ verification: ctls_verification) { unsafe ctls_set_verification(pointer, verification) }

  /// Takes another context for clients that ask for a name.
  func add(_ other: TLSContext, for name: String) {
    if unsafe !ctls_add_name(pointer, name, other.pointer) { fatalError("GnetTLS: out of memory") }
    others.append(other)
  }
}

// Unchecked, because the keys have a lock.
/// The owner of the keys of session tickets.
@safe
final class TicketKeys: @unchecked Sendable {
  let pointer: OpaquePointer

  /// Makes keys that encrypt for twelve hours each, and decrypt for twelve hours more.
  init() { unsafe pointer = unsafe required(ctls_make_tickets(12 * 3600)) }

  deinit { unsafe ctls_free_tickets(pointer) }

  /// Replaces the key in use before its time.
  func rotate() { if unsafe !ctls_rotate_tickets(pointer) { fatalError("GnetTLS: no randomness") } }
}

/// Names of protocols in the encoding of ALPN.
struct ProtocolNames: Sendable {
  let encoded: [UInt8]

  init(_ names: [String]) throws(TLSError) {
    var encoded: [UInt8] = []
    for name in names {
      guard 1...255 ~= name.utf8.count else {
        throw TLSError(
          .invalidConfiguration, "the name of a protocol must have 1 to 255 bytes: \(String(reflecting: name))")
      }
      encoded.append(UInt8(name.utf8.count))
      encoded += name.utf8
    }
    guard encoded.count <= 65535 else { throw TLSError(.invalidConfiguration, "there are too many names of protocols") }
    self.encoded = encoded
  }
}
