#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// A file at a path, recognised again as long as it is the same.
struct SocketFile: Sendable {
  private let path: String
  private let device: UInt64
  private let number: UInt64

  /// The file that is at `path` now; `nil` if there is none. Corresponds to `lstat(2)`.
  init?(at path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    self.path = path
    device = UInt64(truncatingIfNeeded: status.st_dev)
    number = UInt64(truncatingIfNeeded: status.st_ino)
  }

  /// Whether the file is at its path still.
  var isInPlace: Bool {
    guard let found = SocketFile(at: path) else { return false }
    return found.device == device && found.number == number
  }
}
