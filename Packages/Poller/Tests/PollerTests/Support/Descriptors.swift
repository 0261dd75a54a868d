import SystemPackage
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension FileDescriptor {
  /// Makes a read or write that would block fail.
  func setNonBlocking() throws {
    let flags = try checked(fcntl(rawValue, F_GETFL))
    _ = try checked(fcntl(rawValue, F_SETFL, flags | O_NONBLOCK))
  }

  var isClosedOnExec: Bool {
    fcntl(rawValue, F_GETFD) & FD_CLOEXEC != 0
  }

  /// Writes bytes of no meaning.
  func write(count: Int) throws {
    _ = try writeAll(repeatElement(UInt8(ascii: "x"), count: count))
  }

  /// Reads up to `count` bytes and returns their number; nil if reading would block.
  @discardableResult
  func read(count: Int) throws -> Int? {
    do {
      return try unsafe withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) {
        try unsafe read(into: $0)
      }
    } catch Errno.resourceTemporarilyUnavailable {
      return nil
    }
  }

  /// Writes until the buffer is full, and returns the number of bytes written.
  @discardableResult
  func fill() throws -> Int {
    try setNonBlocking()
    var count = 0
    for size in [65536, 1] {
      do {
        while true { count += try writeAll(repeatElement(UInt8(0), count: size)) }
      } catch Errno.resourceTemporarilyUnavailable {}
    }
    return count
  }

  /// Fills the counter of an eventfd that is at zero, and returns whether the descriptor is such an eventfd.
  func fillCounter() -> Bool {
    let greatest = UInt64.max - 1
    return unsafe withUnsafeBytes(of: greatest) { unsafe try? write($0) } == MemoryLayout<UInt64>.size
  }

  /// Reads until a read would block, or until the end.
  func drain() throws {
    try setNonBlocking()
    while let count = try read(count: 65536), count > 0 {}
  }

  /// Ends the sending half of a socket.
  func shutdownSending() throws {
    _ = try checked(shutdown(rawValue, CInt(SHUT_WR)))
  }

  /// The descriptors open in this process except timers, which the concurrency runtime opens at any time.
  static var allOpen: Set<Int32> {
    Set((0..<4096).filter { fcntl($0, F_GETFD) >= 0 && !isTimer($0) })
  }

  private static func isTimer(_ number: Int32) -> Bool {
    var target = [UInt8](repeating: 0, count: 64)
    let count = unsafe target.withUnsafeMutableBytes {
      unsafe readlink("/proc/self/fd/\(number)", $0.baseAddress!, $0.count)
    }
    return count > 0 && String(decoding: target.prefix(count), as: UTF8.self) == "anon_inode:[timerfd]"
  }

  /// The descriptors open in this process after the concurrency runtime has opened those for its first timer.
  static var openWhenSettled: Set<Int32> {
    get async throws {
      try await Task.sleep(for: .milliseconds(1))
      return allOpen
    }
  }

  /// The descriptors opened since `before`, without those that the runtime opens for a moment.
  static func opened(since before: Set<Int32>) -> Set<Int32> {
    (0..<20).reduce(allOpen) { opened, _ in opened.intersection(allOpen) }.subtracting(before)
  }
}

/// Two connected descriptors.
///
/// Either end may be closed early; the rest is closed at the end of `withPair`.
final class Pair {
  let left: FileDescriptor
  let right: FileDescriptor
  private var isOpen = (left: true, right: true)

  init(_ left: FileDescriptor, _ right: FileDescriptor) {
    self.left = left
    self.right = right
  }

  func closeLeft() throws {
    if isOpen.left { try left.close() }
    isOpen.left = false
  }

  func closeRight() throws {
    if isOpen.right { try right.close() }
    isOpen.right = false
  }
}

/// A stream socket pair.
func withSocketPair(_ body: (Pair) throws -> Void) throws {
  var ends: [Int32] = [0, 0]
  _ = try checked(unsafe socketpair(AF_UNIX, streamType | closeOnExec, 0, &ends))
  try with(Pair(FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1])), body)
}

/// A pipe: reads on the left, writes on the right.
func withPipe(_ body: (Pair) throws -> Void) throws {
  let ends = try makePipe()
  try with(Pair(ends.readEnd, ends.writeEnd), body)
}

/// A TCP connection over the loopback interface: the connecting end left, the accepted one right.
func withConnection(_ body: (Pair) throws -> Void) throws {
  let listener = try tcpSocket()
  defer { try? listener.close() }
  var address = try bindLoopback(listener)
  _ = try checked(listen(listener.rawValue, 1))
  let client = try tcpSocket()
  _ = try checked(unsafe withAddress(&address) { unsafe connect(client.rawValue, $0, $1) })
  let server = try checked(accept(listener.rawValue, nil, nil))
  try with(Pair(client, FileDescriptor(rawValue: server)), body)
}

/// A non-blocking TCP socket that has begun to connect to a port without a listener.
func withRefusedConnection(_ body: (FileDescriptor) throws -> Void) throws {
  let bound = try tcpSocket()
  let client = try tcpSocket()
  defer {
    try? bound.close()
    try? client.close()
  }
  var address = try bindLoopback(bound)
  try client.setNonBlocking()
  _ = unsafe withAddress(&address) { unsafe connect(client.rawValue, $0, $1) }
  try body(client)
}

extension FileDescriptor {
  /// Makes closing a TCP socket reset its peer.
  func resetOnClose() throws {
    var option = linger(l_onoff: 1, l_linger: 0)
    let size = socklen_t(MemoryLayout<linger>.size)
    _ = try checked(unsafe setsockopt(rawValue, SOL_SOCKET, SO_LINGER, &option, size))
  }
}

private func with(_ pair: Pair, _ body: (Pair) throws -> Void) throws {
  defer {
    try? pair.closeLeft()
    try? pair.closeRight()
  }
  try body(pair)
}

// Exit tests start processes at the same time, which must not inherit the peers of descriptors that a test closes.
#if canImport(Darwin)
  // Child processes inherit no descriptors there unless they are given them.
  private let streamType = SOCK_STREAM
  private let closeOnExec: Int32 = 0
  private func makePipe() throws -> (readEnd: FileDescriptor, writeEnd: FileDescriptor) { try FileDescriptor.pipe() }
#else
  #if canImport(Glibc)
    private let streamType = Int32(SOCK_STREAM.rawValue)
    private let closeOnExec = Int32(SOCK_CLOEXEC.rawValue)
  #else
    private let streamType = SOCK_STREAM
    private let closeOnExec = SOCK_CLOEXEC
  #endif
  private func makePipe() throws -> (readEnd: FileDescriptor, writeEnd: FileDescriptor) {
    try FileDescriptor.pipe(options: .closeOnExec)
  }
#endif

private func tcpSocket() throws -> FileDescriptor {
  FileDescriptor(rawValue: try checked(socket(AF_INET, streamType | closeOnExec, 0)))
}

private func bindLoopback(_ socket: FileDescriptor) throws -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  _ = try checked(unsafe withAddress(&address) { unsafe bind(socket.rawValue, $0, $1) })
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  _ = try checked(
    unsafe withAddress(&address) { (address, _) in
      unsafe getsockname(socket.rawValue, UnsafeMutablePointer(mutating: address), &size)
    })
  return address
}

private func withAddress(
  _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) -> Int32 {
  unsafe withUnsafeMutablePointer(to: &address) {
    unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
}

/// The result of a call that sets a test up, and must not fail.
private func checked(_ result: Int32, sourceLocation: SourceLocation = #_sourceLocation) throws -> Int32 {
  try #require(result >= 0, sourceLocation: sourceLocation)
  return result
}
