internal import CTestSupport
internal import SystemPackage
internal import TestSupport

/// The ends of a pipe, neither of which goes to other children.
struct PipeEnds {
  let reading: FileDescriptor
  let writing: FileDescriptor

  init() throws(Errno) {
    var ends: [Int32] = [-1, -1]
    let result = unsafe ctest_pipe(&ends)
    if result != 0 { throw Errno(rawValue: -result) }
    (reading, writing) = (FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1]))
  }
}

/// The pipes of a program that has no terminal.
struct ProgramPipes {
  let input: PipeEnds?
  let output: PipeEnds?
  let errors: PipeEnds?

  init(_ input: Program.Input, _ terminal: PseudoTerminal?) throws(Errno) {
    if case .empty = input { self.input = nil } else { self.input = try PipeEnds() }
    output = try terminal == nil ? PipeEnds() : nil
    errors = try terminal == nil ? PipeEnds() : nil
  }

  /// Starts a program with these pipes, whose ends on its side are closed here.
  func spawn(
    _ words: [String], in folder: String?, _ environment: [String: String], on terminal: String?
  ) throws(Errno) -> Int32 {
    let words = CStrings(words)
    let variables = CStrings(environment.map { "\($0)=\($1)" })
    let (folder, terminal) = (folder.map { CStrings([$0]) }, terminal.map { CStrings([$0]) })
    var id: Int32 = 0
    let result = unsafe withUnsafePointer(
      to: ctest_program(
        folder: UnsafePointer(folder?.pointers[0]), terminal: UnsafePointer(terminal?.pointers[0]),
        input: input?.reading.rawValue ?? -1, output: output?.writing.rawValue ?? -1,
        errors: errors?.writing.rawValue ?? -1, arguments: words.pointers, environment: variables.pointers)
    ) { unsafe ctest_spawn(&id, $0) }
    for end in [input?.reading, output?.writing, errors?.writing] { try? end?.close() }
    if result != 0 { throw Errno(rawValue: -result) }
    return id
  }
}

/// Strings as C has them, the last followed by null.
@safe
private final class CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ strings: [String]) {
    count = strings.count
    unsafe pointers = .allocate(capacity: count + 1)
    for (index, string) in strings.enumerated() {
      let bytes = string.utf8CString
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
      for (offset, byte) in bytes.enumerated() { unsafe copy[offset] = byte }
      unsafe (pointers + index).initialize(to: copy)
    }
    unsafe (pointers + count).initialize(to: nil)
  }

  deinit {
    for index in 0..<count { unsafe pointers[index]?.deallocate() }
    unsafe pointers.deallocate()
  }
}

/// The standard input of a program.
final class ProgramInput: Sendable {
  private let descriptor: Guarded<FileDescriptor?>

  /// Writes the input on a thread of its own: a program may take its time.
  init(_ descriptor: FileDescriptor, _ input: Program.Input) {
    ctest_ignore_broken_pipes()
    self.descriptor = Guarded(descriptor)
    guard case .bytes(let bytes) = input else { return }
    TestThread.detach { [self] in
      // A program may end before it has read everything.
      try? send(bytes)
      end()
    }
  }

  deinit { end() }

  func send(_ bytes: [UInt8]) throws {
    guard let descriptor = descriptor.current else { throw Errno.brokenPipe }
    try descriptor.writeAll(bytes)
  }

  func end() {
    descriptor.withLock { descriptor in
      try? descriptor?.close()
      descriptor = nil
    }
  }
}

/// The output of a program, collected on a thread of its own to its end.
final class ProgramOutput: Sendable {
  private let collected = Guarded<[UInt8]>([])
  private let end = Flag()

  /// Reads from `descriptor`, and closes it at the end.
  init(_ descriptor: FileDescriptor) {
    TestThread.detach { [collected, end] in
      var buffer = [UInt8](repeating: 0, count: 65536)
      // A terminal fails instead of ending when nobody has it open any more.
      while let count = try? unsafe buffer.withUnsafeMutableBytes({ try unsafe descriptor.read(into: $0) }), count > 0 {
        collected.withLock { $0 += buffer[..<count] }
      }
      try? descriptor.close()
      end.set()
    }
  }

  var bytes: [UInt8] { collected.current }
  var text: String { String(decoding: bytes, as: UTF8.self) }
  var isAtEnd: Bool { end.isSet }
}
