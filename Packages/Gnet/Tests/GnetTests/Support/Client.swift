import SystemPackage
import Testing

@testable import Gnet

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A client's end of a connection: a blocking socket whose calls give up after ten seconds.
final class Client {
  private(set) var fd: Int32
  private let isDatagram: Bool

  /// Connects a stream to `address`, or a datagram socket that talks to it; from `source`, if one is given.
  convenience init(_ address: SocketAddress, datagrams: Bool = false, from source: SocketAddress? = nil) throws {
    try self.init(unconnectedTo: address, datagrams: datagrams)
    if let source {
      try bind(to: source, isIPv6: Self.family(of: address) == AF_INET6)
    }
    try connect(to: address)
  }

  /// Makes a socket that can be connected to `address`.
  init(unconnectedTo address: SocketAddress, datagrams: Bool = false) throws {
    isDatagram = datagrams
    let type = datagrams ? Int32(SOCK_DGRAM.rawValue) : Int32(SOCK_STREAM.rawValue)
    fd = socket(Self.family(of: address), type | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard fd >= 0 else { throw Errno(rawValue: errno) }
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    unsafe setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    unsafe setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Binds the socket.
  func bind(to address: SocketAddress, isIPv6: Bool = false) throws {
    let result = Kernel.shared.bind(fd, to: RawAddress(address, isIPv6: isIPv6))
    if result != 0 { throw Errno(rawValue: -result) }
  }

  /// Connects; a server on all interfaces is reached on this machine.
  func connect(to address: SocketAddress) throws {
    let target = address.isUnspecified ? address.loopback : address
    let raw = RawAddress(target, isIPv6: Self.family(of: address) == AF_INET6)
    let result = Kernel.shared.connect(fd, to: raw)
    if result != 0 {
      close()
      throw Errno(rawValue: -result)
    }
  }

  private static func family(of address: SocketAddress) -> Int32 {
    switch address.family {
    case .ipv4: AF_INET
    case .ipv6: AF_INET6
    case .unix: AF_UNIX
    }
  }

  /// Gives the socket another descriptor, the first free one from `number` on.
  func move(to number: Int32) throws {
    let moved = fcntl(fd, F_DUPFD_CLOEXEC, number)
    guard moved >= 0 else { throw Errno(rawValue: errno) }
    Glibc.close(fd)
    fd = moved
  }

  deinit { close() }

  func close() {
    if fd >= 0 { Glibc.close(fd) }
    fd = -1
  }

  /// Sends all bytes.
  func send(_ bytes: [UInt8]) throws {
    if bytes.isEmpty {
      if Glibc.send(fd, nil, 0, Int32(MSG_NOSIGNAL)) < 0 { throw Errno(rawValue: errno) }
    }
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

  /// Receives once: a datagram, or some bytes of a stream; nothing at its end.
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

  /// Receives exactly so many bytes, fewer only if the stream ends before.
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

  /// Receives to the end of the stream, without keeping it; `look` sees each piece and its place, and says
  /// whether it may be there.
  func receiveToEnd(_ look: (Int, ArraySlice<UInt8>) throws -> Bool) throws {
    var room = [UInt8](repeating: 0, count: 65536)
    var position = 0
    while true {
      let count = unsafe recv(fd, &room, room.count, 0)
      if count < 0 { throw Errno(rawValue: errno) }
      if count == 0 { return }
      try #require(try look(position, room[..<count]))
      position += count
    }
  }

  func receiveText(_ count: Int) throws -> String {
    String(decoding: try receive(exactly: count), as: UTF8.self)
  }

  /// Receives once, as text.
  func receiveText() throws -> String { String(decoding: try receive(), as: UTF8.self) }

  /// Receives a line, without its end; what is there of one if the stream ends before.
  func receiveLine() throws -> String {
    var line: [UInt8] = []
    while true {
      // A datagram is one line at the most.
      let bytes = try receive(upTo: isDatagram ? 65536 : 1)
      line += bytes
      if bytes.isEmpty { return String(decoding: line, as: UTF8.self) }
      if line.last == UInt8(ascii: "\n") { return String(decoding: line.dropLast(), as: UTF8.self) }
    }
  }

  /// Ends both sides' streams; calls that block on another thread return.
  func shutDown() { shutdown(fd, Int32(SHUT_RDWR)) }

  /// The bytes sent that the peer's kernel has not acknowledged. Corresponds to `ioctl(2)` with `TIOCOUTQ`.
  var unsentCount: Int {
    var count: Int32 = 0
    return unsafe ioctl(fd, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
  }

  /// Ends this side's stream.
  func endOutput() { shutdown(fd, Int32(SHUT_WR)) }

  /// Closes with a reset instead of an end of stream.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  func setReceiveBuffer(_ size: Int32) { try? setOption(SOL_SOCKET, SO_RCVBUF, size) }

  func setOption(_ level: Int32, _ name: Int32, _ value: Int32) throws {
    var value = value
    let result = unsafe setsockopt(fd, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    if result != 0 { throw Errno(rawValue: errno) }
  }

  /// This client's own address.
  var localAddress: SocketAddress { get throws { try Kernel.shared.localAddress(of: fd) } }
}

extension SocketAddress {
  var loopback: SocketAddress {
    switch storage {
    case .ipv4(_, let port): SocketAddress(.ipv4(address: 0x7f00_0001, port: port))
    case .ipv6(_, _, _, let port): SocketAddress(.ipv6(high: 0, low: 1, scope: 0, port: port))
    case .unix: self
    }
  }
}

/// Every transport of streams, as a fresh address to serve on.
enum StreamTransport: String, CaseIterable, CustomTestStringConvertible {
  case tcp4, tcp6, unix

  var testDescription: String { rawValue }

  func address() -> String {
    switch self {
    case .tcp4: "tcp4://127.0.0.1:0"
    case .tcp6: "tcp6://[::1]:0"
    case .unix: "unix://\(temporaryPath())"
    }
  }
}

/// A path in the temporary directory that is not in use, short enough for a socket.
func temporaryPath() -> String {
  "/tmp/gnet-\(getpid())-\(UInt32.random(in: 0 ... .max))"
}

/// A client that one thread hands to another.
final class SendableClient: @unchecked Sendable {
  let client: Client
  init(_ client: Client) { self.client = client }
}
