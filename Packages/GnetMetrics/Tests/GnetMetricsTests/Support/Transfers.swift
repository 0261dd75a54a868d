import Synchronization

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Transfers that need no client.
enum Transfers {
  /// Sends `byteCount` zeros. Ends early if the peer does.
  static func sendAll(_ fd: Int32, _ byteCount: Int) {
    let chunk = [UInt8](repeating: 0, count: 65536)
    var sent = 0
    while sent < byteCount {
      let count = unsafe chunk.withUnsafeBytes {
        unsafe send(fd, $0.baseAddress, min($0.count, byteCount - sent), Int32(MSG_NOSIGNAL))
      }
      if count < 0 { return }
      sent += count
    }
  }

  /// Sends an empty datagram.
  static func sendEmptyDatagram(_ fd: Int32) { _ = send(fd, nil, 0, Int32(MSG_NOSIGNAL)) }
}

/// Something that is set once.
final class Flag: Sendable {
  private let state = Atomic<Bool>(false)
  var isSet: Bool { state.load(ordering: .acquiring) }
  func set() { state.store(true, ordering: .releasing) }
}
