package import SystemPackage

/// Standard output and standard error, unbuffered.
package enum Output {
  /// Writes text to standard output.
  package static func write(_ text: String) throws(Errno) { try write(Array(text.utf8)) }

  /// Writes bytes to standard output.
  package static func write(_ bytes: [UInt8]) throws(Errno) { try write(bytes, to: .standardOutput) }

  /// Opens `/dev/null` for each closed standard stream. Otherwise the next socket would take its place and its output.
  package static func openClosedStreams() {
    while let file = try? FileDescriptor.open(FilePath("/dev/null"), .readWrite) {
      if file.rawValue > FileDescriptor.standardError.rawValue {
        try? file.close()
        return
      }
    }
  }

  /// Writes a line to standard error, behind the name of the program. Ignores errors.
  package static func error(_ line: String) {
    try? write(Array("gnet-metrics: \(line)\n".utf8), to: .standardError)
  }

  private static func write(_ bytes: [UInt8], to file: FileDescriptor) throws(Errno) {
    do { _ = try file.writeAll(bytes) } catch { throw error as? Errno ?? .ioError }
  }
}
