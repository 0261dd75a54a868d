/// A file at a path, which is recognised again.
struct SocketFile: Sendable {
  private let path: String
  private let identity: FileIdentity

  /// The file that is at `path` now; `nil` if there is none.
  init?(at path: String) {
    guard let identity = Platform.fileIdentity(at: path) else { return nil }
    self.path = path
    self.identity = identity
  }

  /// Whether the same file is still at the path.
  var isInPlace: Bool { Platform.fileIdentity(at: path) == identity }
}

/// The identity of a file: its device and its number on the device.
struct FileIdentity: Hashable, Sendable {
  let device: UInt64
  let number: UInt64
}
