import Gnet
import RingBuffer
import SystemPackage
import Testing

#if canImport(Darwin)
  import Darwin

  // A number there already.
  extension Int32 {
    fileprivate var rawValue: Int32 { self }
  }
#else
  import Glibc
#endif

// The recipe of the cookbook for the test of a handler, as it stands there.

/// Answers each line with its number.
struct Numbering: ConnectionHandler {
  var lineCount = 0

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    while !connection.isOutputFull, let end = input.firstIndex(of: UInt8(ascii: "\n")) {
      input.discard(end + 1)
      lineCount += 1
      connection.write("\(lineCount)\n")
    }
    return .none
  }
}

@Test("each line is answered with its number")
func numbers() throws {
  let running = try start([])  // loops without a listener
  let client = try connect(Service { _ in Numbering() }, on: running.server.loops[0])
  try client.writeAll(Array("a\nb".utf8))
  try client.writeAll(Array("c\n".utf8))
  shutdown(client.rawValue, Int32(SHUT_WR))
  #expect(try readToEnd(client) == Array("1\n2\n".utf8))
}

/// Gives one end of a pair of sockets to a service, and returns the other.
func connect(_ service: Service, on loop: EventLoop) throws -> FileDescriptor {
  var ends: [Int32] = [-1, -1]
  let status = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
  try #require(status == 0)
  loop.adopt(FileDescriptor(rawValue: ends[0]), service)
  return FileDescriptor(rawValue: ends[1])
}

/// Reads until the handler has closed the connection, and closes the other end.
func readToEnd(_ client: FileDescriptor) throws -> [UInt8] {
  var bytes: [UInt8] = []
  while true {
    let part = try unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      count = try unsafe client.read(into: UnsafeMutableRawBufferPointer(buffer))
    }
    if part.isEmpty { break }
    bytes += part
  }
  try client.close()
  return bytes
}
