public import SystemPackage
public import TestSupport

/// A client's end of a connection, or a datagram socket: its calls block, and give up after twenty seconds.
public final class Client {
  /// The descriptor; -1 once it is closed.
  public private(set) var fd: Int32
  private let isDatagram: Bool
  private let isIPv6: Bool

  /// Makes a socket that can be connected to `address`.
  public init(unconnectedTo address: some PeerAddress, datagrams: Bool = false) throws(Errno) {
    isDatagram = datagrams
    isIPv6 = address.isIPv6
    fd = try Socket.open(for: address, datagrams: datagrams, patience: 20)
  }

  /// Connects a stream to an address, or a datagram socket that talks to it; from `source`, if there is one.
  ///
  /// A server on all interfaces is reached on this machine.
  public convenience init(
    _ address: some PeerAddress, datagrams: Bool = false, from source: (any PeerAddress)? = nil
  ) throws(Errno) {
    try self.init(unconnectedTo: address, datagrams: datagrams)
    if let source { try bind(to: source) }
    try connect(to: address)
  }

  /// Connects to a unix socket.
  public convenience init(path: String) throws(Errno) { try self.init(SocketName(path: path)) }

  /// Connects to a port on this machine.
  public convenience init(port: Int) throws(Errno) { try self.init(SocketName(port: port)) }

  /// Makes a unix socket that is bound to a path and that nobody listens on; closing it leaves the file there.
  public convenience init(boundTo path: String, datagrams: Bool = false) throws(Errno) {
    try self.init(unconnectedTo: SocketName(path: path), datagrams: datagrams)
    try bind(to: SocketName(path: path))
  }

  deinit { close() }

  /// Binds the socket.
  public func bind(to address: some PeerAddress) throws(Errno) {
    try Socket.bind(fd, to: isIPv6 ? address.mapped : address.name)
  }

  /// Connects; closes where that fails.
  public func connect(to address: some PeerAddress) throws(Errno) {
    do throws(Errno) {
      try Socket.connect(fd, to: address.reachable)
    } catch {
      close()
      throw error
    }
  }

  /// Closes the descriptor. May be called again.
  public func close() {
    if fd >= 0 { Socket.close(fd) }
    fd = -1
  }

  /// Closes with a reset instead of an end of stream.
  public func reset() {
    Socket.resetOnClose(fd)
    close()
  }

  /// Ends this side's stream.
  public func endOutput() { Socket.endOutput(of: fd) }

  /// Ends both sides' streams; calls that block on another thread return.
  public func shutDown() { Socket.shutDown(fd) }

  /// Gives the socket another descriptor, the first free one from `number` on.
  public func move(to number: Int32) throws(Errno) {
    let moved = try Socket.duplicate(fd, from: number)
    close()
    fd = moved
  }

  // MARK: Sending

  /// Sends all bytes.
  public func send(_ bytes: [UInt8]) throws(Errno) {
    var rest = bytes[...]
    repeat { rest = try rest.dropFirst(Socket.send(fd, rest)) } while !rest.isEmpty
  }

  /// Sends a text.
  public func send(_ text: String) throws(Errno) { try send(Array(text.utf8)) }

  /// Sends all bytes from a thread of its own, which is to be joined before the client is closed.
  ///
  /// - Parameter isLast: whether this side's stream ends behind the bytes.
  public func sendInBackground(_ bytes: [UInt8], isLast: Bool = false) -> TestThread {
    let fd = fd
    return TestThread {
      var rest = bytes[...]
      while !rest.isEmpty, let count = try? Socket.send(fd, rest) { rest = rest.dropFirst(count) }
      if isLast { Socket.endOutput(of: fd) }
    }
  }

  /// The bytes sent that the peer's kernel has not acknowledged. Corresponds to `ioctl(2)` with `TIOCOUTQ`.
  public var unsentCount: Int { Socket.unsentCount(fd) }

  // MARK: Receiving

  /// Receives once: a datagram, or some bytes of a stream; nothing at its end.
  public func receive(upTo limit: Int = 65536) throws(Errno) -> [UInt8] { try Socket.receive(fd, upTo: limit) }

  /// Receives a number of bytes, fewer only if the stream ends before.
  public func receive(exactly count: Int) throws(Errno) -> [UInt8] {
    var all: [UInt8] = []
    while all.count < count {
      let bytes = try receive(upTo: count - all.count)
      if bytes.isEmpty { break }
      all += bytes
    }
    return all
  }

  /// Receives to the end of the stream.
  public func receiveToEnd() throws(Errno) -> [UInt8] {
    var all: [UInt8] = []
    while case let bytes = try receive(), !bytes.isEmpty { all += bytes }
    return all
  }

  /// Receives to the end of the stream, and keeps nothing: each piece is shown to `look`, with its place.
  public func receiveToEnd(_ look: (Int, ArraySlice<UInt8>) throws -> Void) throws {
    var buffer = [UInt8](repeating: 0, count: 65536)
    var position = 0
    while case let count = try Socket.receive(fd, into: &buffer), count > 0 {
      try look(position, buffer[..<count])
      position += count
    }
  }

  /// Receives a number of bytes as text, fewer only if the stream ends before.
  public func receiveText(_ count: Int) throws(Errno) -> String { Self.text(try receive(exactly: count)) }

  /// Receives once, as text.
  public func receiveText() throws(Errno) -> String { Self.text(try receive()) }

  /// Receives until a text has come, at most to the end of the stream.
  public func receive(through end: String) throws(Errno) -> String {
    var all: [UInt8] = []
    while !Self.text(all).contains(end) {
      let bytes = try receive(upTo: 1)
      if bytes.isEmpty { break }
      all += bytes
    }
    return Self.text(all)
  }

  /// Receives a line, or a datagram, without the line's end; a part of a line if the stream ends before.
  public func receiveLine() throws(Errno) -> String {
    var line: [UInt8] = []
    while line.last != UInt8(ascii: "\n") {
      let bytes = try receive(upTo: isDatagram ? 65536 : 1)
      if bytes.isEmpty { return Self.text(line) }
      line += bytes
    }
    return Self.text(line.dropLast())
  }

  /// Whether there is something to be received within a time, the end of the stream included.
  public func isReadable(within time: Duration) -> Bool { Socket.isReady(fd, toWrite: false, within: time) }

  /// Whether there is place for something to be sent within a time.
  public func isWritable(within time: Duration) -> Bool { Socket.isReady(fd, toWrite: true, within: time) }

  private static func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

  // MARK: Options

  /// Sets the size of the kernel's receive buffer.
  public func setReceiveBuffer(_ size: Int32) { Socket.setReceiveBuffer(fd, size) }

  /// Sets an option that is a number. Corresponds to `setsockopt(2)`.
  public func setOption(_ level: Int32, _ name: Int32, _ value: Int32) throws(Errno) {
    try Socket.setOption(fd, level, name, value)
  }
}

// Unchecked, because only one thread at a time uses it: the tests see to that.
/// A client that one thread hands to another.
public final class SendableClient: @unchecked Sendable {
  /// The client.
  public let client: Client

  /// Lets a client be handed over.
  public init(_ client: Client) { self.client = client }
}
