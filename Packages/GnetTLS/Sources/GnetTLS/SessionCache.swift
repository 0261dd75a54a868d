internal import CGnetTLS
internal import Synchronization

/// The sessions that the connections of a client may resume.
final class SessionCache: Sendable {
  /// The sessions of each server, the newest last.
  private let sessions = Mutex<[String: [Session]]>([:])

  /// The most servers, and the most sessions of one server, that are kept.
  private static let (serverLimit, sessionLimit) = (1024, 16)

  /// The newest session for a server. A session for a single use is taken out.
  func session(for server: String) -> Session? {
    sessions.withLock { sessions in
      guard let newest = sessions[server]?.last else { return nil }
      if unsafe ctls_is_single_use(newest.pointer) { _ = sessions[server]?.popLast() }
      return newest
    }
  }

  func add(_ session: Session, for server: String) {
    sessions.withLock { sessions in
      if sessions[server] == nil && sessions.count == Self.serverLimit { sessions.remove(at: sessions.startIndex) }
      var kept = unsafe ctls_is_single_use(session.pointer) ? sessions[server] ?? [] : []
      if kept.count == Self.sessionLimit { kept.removeFirst() }
      kept.append(session)
      sessions[server] = kept
    }
  }

  // Unchecked, because OpenSSL only counts references to a session that was handed over.
  /// The owner of a session of OpenSSL.
  @safe
  final class Session: @unchecked Sendable {
    let pointer: OpaquePointer
    init(_ pointer: OpaquePointer) { unsafe self.pointer = unsafe pointer }
    deinit { unsafe ctls_free_session(pointer) }
  }
}

/// The sessions of one server in a cache.
struct CachedSessions {
  let cache: SessionCache
  let key: String

  var newest: SessionCache.Session? { cache.session(for: key) }

  /// Moves the sessions that the server has given to the cache.
  func collect(from stream: OpaquePointer) {
    while let session = unsafe ctls_take_session(stream) { unsafe cache.add(SessionCache.Session(session), for: key) }
  }
}
