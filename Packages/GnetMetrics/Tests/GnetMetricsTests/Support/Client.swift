import Gnet
import SystemPackage

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A client's end of a connection: a blocking socket whose calls give up after twenty seconds.
final class Client {
  private(set) var fd: Int32 = -1

  /// Connects to a server's address, or a datagram socket that talks to it.
  convenience init(_ address: SocketAddress, datagrams: Bool = false) throws {
    try self.init(path: address.path, port: address.port ?? 0, datagrams: datagrams)
  }

  /// Connects to a unix socket, or to a port on this host.
  init(path: String?, port: Int = 0, datagrams: Bool = false) throws {
    try open(path == nil ? AF_INET : AF_UNIX, datagrams: datagrams)
    if let path { try connect(to: path) } else { try connect(to: port) }
  }

  private func connect(to port: Int) throws {
    var raw = sockaddr_in()
    raw.sin_family = sa_family_t(AF_INET)
    raw.sin_port = in_port_t(UInt16(port)).bigEndian
    raw.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = unsafe withUnsafePointer(to: &raw) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try check(result)
  }

  /// Makes a unix socket that is not connected yet.
  init() throws { try open(AF_UNIX, datagrams: false) }

  private func open(_ family: Int32, datagrams: Bool) throws {
    let type = Int32(datagrams ? SOCK_DGRAM.rawValue : SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    fd = socket(family, type, 0)
    guard fd >= 0 else { throw Errno(rawValue: errno) }
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    unsafe setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    unsafe setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Connects it to a unix socket.
  func connect(to path: String) throws {
    try check(unsafe UnixAddress(path).withSockaddr { unsafe Glibc.connect(fd, $0, $1) })
  }

  private func check(_ result: Int32) throws {
    if result == 0 { return }
    let error = Errno(rawValue: errno)
    close()
    throw error
  }

  deinit { close() }

  func close() {
    if fd >= 0 { Glibc.close(fd) }
    fd = -1
  }

  /// Sends all bytes.
  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.send(fd, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0 { throw Errno(rawValue: errno) }
      sent += count
    }
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  /// Receives once; nothing at the end of the stream.
  func receive(upTo limit: Int = 65536) throws -> [UInt8] {
    var failure: Errno?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { room, count in
      let received = unsafe recv(fd, room.baseAddress, limit, 0)
      if received < 0 { failure = Errno(rawValue: errno) }
      count = max(0, received)
    }
    if let failure { throw failure }
    return bytes
  }

  /// Receives exactly `count` bytes, fewer only if the stream ends before.
  func receive(exactly count: Int) throws -> [UInt8] {
    var all: [UInt8] = []
    while all.count < count {
      let bytes = try receive(upTo: count - all.count)
      if bytes.isEmpty { break }
      all += bytes
    }
    return all
  }

  /// Receives to the end of the stream.
  func receiveToEnd() throws -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let bytes = try receive()
      if bytes.isEmpty { return all }
      all += bytes
    }
  }

  /// Receives until `text` has come, at most to the end of the stream.
  func receive(through text: String) throws -> String {
    var all = ""
    while !all.contains(text) {
      let bytes = try receive(upTo: 1)
      if bytes.isEmpty { break }
      all += String(decoding: bytes, as: UTF8.self)
    }
    return all
  }
}
