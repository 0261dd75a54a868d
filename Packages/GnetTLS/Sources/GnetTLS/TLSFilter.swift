internal import CGnetTLS
internal import Gnet
internal import RingBuffer

/// The TLS of one connection, between its rings. Confined to the connection's loop.
///
/// OpenSSL reads from the ring of the network and writes to the ring for it: no byte is copied besides.
@safe
final class TLSFilter: ConnectionFilter {
  /// The context that `stream` refers to.
  private let context: TLSContext
  private let stream: OpaquePointer
  private let counters: HandshakeCounters
  /// The place for the sessions that a server gives.
  private let sessions: CachedSessions?
  private let isServer: Bool
  let handshakeTimeout: Duration?
  /// The keeper of the loop's buffers; `nil` without a loop, as in tests.
  private let keeper = RecordBuffers.ofLoop
  private var phase = Phase.handshake

  private enum Phase {
    case handshake, established
    /// The peer has ended its stream; the own stream may go on.
    case inputEnded
    /// The stream must not be used any more, from the handshake or later.
    case handshakeFailed, failed
  }

  /// Creates the server's side of a connection.
  init(serverOf context: TLSContext, _ counters: HandshakeCounters, handshakeTimeout: Duration) {
    self.context = context
    self.counters = counters
    self.handshakeTimeout = handshakeTimeout
    isServer = true
    sessions = nil
    unsafe stream = unsafe required(ctls_make_stream(context.pointer, true, append))
  }

  /// Creates the client's side of a connection.
  ///
  /// - Parameters:
  ///   - host: the host that the server is asked for.
  ///   - isVerified: whether the certificate must be of that host.
  ///   - sessions: the sessions of that server.
  init(
    clientOf context: TLSContext, _ counters: HandshakeCounters, host: String?, isVerified: Bool,
    sessions: CachedSessions?, handshakeTimeout: Duration
  ) throws(TLSError) {
    self.context = context
    self.counters = counters
    self.sessions = sessions
    isServer = false
    self.handshakeTimeout = handshakeTimeout
    unsafe stream = unsafe required(ctls_make_stream(context.pointer, false, append))
    var failure = unsafe ctls_failure()
    if let host, unsafe !ctls_expect_host(stream, host, isVerified, &failure) {
      throw unsafe TLSError(.invalidConfiguration, "the host \(String(reflecting: host))", unsafe failure)
    }
    if let session = sessions?.newest { unsafe ctls_resume(stream, session.pointer) }
  }

  deinit { unsafe ctls_free_stream(stream) }

  // MARK: ConnectionFilter

  func start(_ network: inout RingBuffer) throws {
    // A server waits for the client to speak.
    guard !isServer else { return }
    let result = unsafe withUnsafeMutablePointer(to: &network) { unsafe ctls_handshake(stream, $0) }
    if result == CTLS_FAILED { throw failure() }
  }

  func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) throws -> FilterState {
    let count = network.count
    // A server that has heard nothing needs no memory for a handshake yet.
    if count == 0 && phase == .handshake { return .establishing }
    let (result, left) = network.withReadable { segments in
      unsafe segments.first.withUnsafeBytes { first in
        unsafe segments.second.withUnsafeBytes { second in
          unsafe ctls_offer(stream, first.baseAddress, first.count, second.baseAddress, second.count)
          let result = unsafe withUnsafeMutablePointer(to: &reply) { unsafe decrypt(into: &input, replyingTo: $0) }
          return unsafe (result, ctls_end_offer(stream))
        }
      }
    }
    network.discard(count - left)
    switch result {
    case CTLS_FAILED: throw failure()
    case CTLS_ENDED:
      if phase == .handshake { throw leftHandshake() }
      phase = .inputEnded
      network.removeAll()
      return .ended
    default: break
    }
    guard phase == .established else { return .establishing }
    if let sessions { unsafe sessions.collect(from: stream) }
    unsafe ctls_rest(stream, keeper?.pointer)
    return .established
  }

  func send(_ output: inout RingBuffer, _ network: inout RingBuffer) throws {
    while !output.isEmpty {
      let (result, count) = output.withReadable { segments in
        unsafe segments.first.withUnsafeBytes { bytes in
          let result = unsafe withUnsafeMutablePointer(to: &network) {
            unsafe ctls_write(stream, $0, bytes.baseAddress!, bytes.count)
          }
          return (result, bytes.count)
        }
      }
      if result == CTLS_FAILED { throw failure() }
      guard result == CTLS_DONE else { return }
      output.discard(count)
    }
    unsafe ctls_rest(stream, keeper?.pointer)
  }

  func networkEnded() throws {
    switch phase {
    case .handshake: throw leftHandshake()
    case .established: throw TLSError(.truncated, "the stream of the peer ended without close_notify")
    case .inputEnded, .handshakeFailed, .failed: return
    }
  }

  func abandoned(_ error: Errno?) {
    guard phase == .handshake, let error else { return }
    fail(error == .timedOut ? .timedOut : .peerClosed)
  }

  func finish(_ network: inout RingBuffer) {
    guard phase == .established || phase == .inputEnded else { return }
    unsafe withUnsafeMutablePointer(to: &network) { unsafe ctls_end(stream, $0) }
  }

  // MARK: Steps

  /// Goes on with the handshake, and decrypts what is there behind it.
  private func decrypt(into input: inout RingBuffer, replyingTo reply: UnsafeMutablePointer<RingBuffer>) -> ctls_result
  {
    if phase == .handshake {
      let result = unsafe ctls_handshake(stream, reply)
      guard result == CTLS_DONE else { return result }
      phase = .established
      counters.addSuccess(version, isResumed: unsafe ctls_is_resumed(stream))
    }
    while case let expected = unsafe ctls_expected_count(stream), expected > 0 {
      let free = unsafe input.freeSegments(minimumCapacity: expected).first
      var count = 0
      let result = unsafe ctls_read(stream, reply, free.baseAddress, free.count, &count)
      guard result == CTLS_DONE else { return result }
      input.commit(count)
    }
    return CTLS_MORE
  }

  private func leftHandshake() -> TLSError {
    fail(.peerClosed)
    return TLSError(.handshakeFailed, "the peer has ended its stream")
  }

  private func failure() -> TLSError {
    let failure = unsafe ctls_get_failure(stream)
    let isEstablished = phase == .established || phase == .inputEnded
    if isEstablished { phase = .failed } else { unsafe fail(TLSHandshakeFailure(failure)) }
    return unsafe TLSError(failure, isEstablished: isEstablished)
  }

  private func fail(_ reason: TLSHandshakeFailure) {
    phase = .handshakeFailed
    counters.add(reason)
  }
}

/// Appends bytes to a ring, for OpenSSL.
private let append: ctls_append = { ring, bytes, count in
  let bytes = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
  unsafe ring!.assumingMemoryBound(to: RingBuffer.self).pointee.write(bytes)
}

// MARK: - What the handshake has agreed on

extension TLSFilter {
  private var version: TLSVersion { unsafe ctls_version(stream) == 13 ? .v13 : .v12 }

  /// The outcome of the handshake; `nil` before its end.
  var session: TLSSession? {
    guard phase != .handshake && phase != .handshakeFailed else { return nil }
    return TLSSession(
      version: version, cipherSuite: unsafe String(cString: ctls_cipher_suite(stream)),
      applicationProtocol: applicationProtocol,
      serverName: unsafe ctls_server_name(stream).map { unsafe String(cString: $0) },
      peerCertificate: peerCertificate, isResumed: unsafe ctls_is_resumed(stream))
  }

  private var applicationProtocol: String? {
    var count = 0
    guard let name = unsafe ctls_protocol(stream, &count) else { return nil }
    return unsafe String(decoding: UnsafeRawBufferPointer(start: name, count: count), as: UTF8.self)
  }

  private var peerCertificate: [UInt8]? {
    let count = unsafe ctls_peer_certificate(stream, nil)
    guard count > 0 else { return nil }
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      initializedCount = unsafe ctls_peer_certificate(stream, buffer.baseAddress)
    }
  }
}
