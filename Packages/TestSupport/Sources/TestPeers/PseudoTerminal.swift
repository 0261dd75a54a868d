internal import CTestSupport
public import SystemPackage

/// A terminal that a test looks at and types on.
public final class PseudoTerminal: Sendable {
  /// The name of the side that a program opens.
  public let name: String
  private let descriptor: FileDescriptor

  /// Opens a terminal of a size.
  public init(columns: Int, rows: Int) throws(Errno) {
    var buffer = [CChar](repeating: 0, count: 256)
    let result = unsafe ctest_open_terminal(&buffer, buffer.count)
    if result < 0 { throw Errno(rawValue: -result) }
    descriptor = FileDescriptor(rawValue: result)
    name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    resize(columns: columns, rows: rows)
  }

  deinit { try? descriptor.close() }

  /// Gives the terminal another size, of which the program in its foreground is told.
  public func resize(columns: Int, rows: Int) {
    ctest_resize_terminal(descriptor.rawValue, Int32(columns), Int32(rows))
  }

  /// Types Ctrl-C.
  public func interrupt() { _ = try? descriptor.writeAll([3]) }

  /// A descriptor of its own for a reader.
  func duplicate() throws(Errno) -> FileDescriptor {
    FileDescriptor(rawValue: try Socket.duplicate(descriptor.rawValue, from: 0))
  }
}
