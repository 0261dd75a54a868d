internal import Glibc

/// The calls and constants of the C library that this target needs, in types of Swift. No other file imports it.
enum Platform {
  /// The result of a call for which the kernel has no bytes, or takes none.
  static var wouldBlock: Int { -Int(EAGAIN) }
  /// The result of a call that waits for the handshake of TLS.
  static var isHandshaking: Int { -Int(EINPROGRESS) }
  /// The result of a call that TLS has failed.
  static var isTLSFailure: Int { -Int(EPROTO) }

  /// The type of a socket, as `socket(2)` takes it.
  static func socketType(datagrams: Bool) -> Int32 { Int32((datagrams ? SOCK_DGRAM : SOCK_STREAM).rawValue) }

  /// Whether the first `count` bytes are equal. Corresponds to `memcmp(3)`.
  @inline(__always)
  static func areEqual(_ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    memcmp(left, right, count) == 0
  }

  /// The text of a negated errno value. Corresponds to `strerror(3)`.
  static func text(ofError result: Int) -> String { String(cString: strerror(Int32(-result))) }

  /// Waits until a socket has input. Returns whether there is any within the time. Corresponds to `poll(2)`.
  static func waitForInput(_ fd: Int32, milliseconds: Int32) -> Bool {
    var watched = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
    return poll(&watched, 1, milliseconds) != 0
  }

  /// Sleeps for a millisecond. Corresponds to `usleep(3)`.
  static func pause() { usleep(1000) }
}
