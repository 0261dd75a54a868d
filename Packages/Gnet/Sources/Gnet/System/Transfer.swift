internal import SystemPackage

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// What a call that moves bytes or datagrams came to.
enum Transfer {
  /// So many bytes, or datagrams, were moved; for a receive on a stream, 0 is the end of the stream.
  case moved(Int)
  /// Nothing can be moved now: wait for readiness.
  case wouldBlock
  /// The call failed.
  case failed(Errno)

  /// Reads a system call's result; `nil` where a signal interrupted it and it is to be made again.
  @inline(__always)
  init?(result: Int) {
    if result >= 0 {
      self = .moved(result)
      return
    }
    switch errno {
    case EINTR: return nil
    case EAGAIN, EWOULDBLOCK: self = .wouldBlock
    default: self = .failed(Errno(rawValue: errno))
    }
  }
}
