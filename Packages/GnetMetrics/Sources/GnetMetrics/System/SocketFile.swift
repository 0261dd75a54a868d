/// A file at a path, recognised again as long as it is the same.
struct SocketFile: Sendable {
  private let path: String
  private let identity: FileIdentity

  /// The file that is at `path` now; `nil` if there is none.
  init?(at path: String) {
    guard let identity = Platform.fileIdentity(at: path) else { return nil }
    self.path = path
    self.identity = identity
  }

  /// Whether the file is at its path still.
  var isInPlace: Bool { Platform.fileIdentity(at: path) == identity }
}

/// The device and the number on it by which a system tells files apart.
struct FileIdentity: Hashable, Sendable {
  let device: UInt64
  let number: UInt64
}
