public import Gnet

/// A scripted end of a stream: connects to a server, or is what a server has connected to.
///
/// Reads arriving bytes at once, except while reading is paused.
public final class SimulatedPeer {
  private let end: StreamEnd
  private let world: World

  /// The bytes that have arrived and were not taken by ``receive()``.
  public private(set) var received: [UInt8] = []

  /// The same as text.
  public var receivedText: String { String(decoding: received, as: UTF8.self) }

  /// Whether the stream is established.
  public private(set) var isOpened = false

  /// Whether the other side has ended its stream, the stream was reset, or it could not be established.
  public private(set) var isEnded = false

  /// Whether the stream was reset.
  public private(set) var wasReset = false

  /// Whether the stream could not be established.
  public private(set) var wasRefused = false

  /// Whether input waits: the peer is slow. The other side meets full buffers then.
  public var isReadingPaused = false { didSet { takeIn() } }

  /// Called when bytes have arrived, when the stream is established, and when it has ended.
  public var onChange: (() -> Void)?

  /// The bytes that wait to be sent, since the buffer is full.
  private var unsent = ByteQueue()
  private var endsOutput = false

  init(_ end: StreamEnd) {
    self.end = end
    world = end.world
    isOpened = end.isConnected
    end.onChange = { [unowned self] in
      takeIn()
      sendMore()
      onChange?()
    }
    world.keep(self)
    takeIn()
  }

  /// The address of this end.
  public var address: SocketAddress { end.local }

  /// Takes the bytes that have arrived.
  public func receive() -> [UInt8] {
    defer { received = [] }
    return received
  }

  /// Takes the first line that has arrived, without its end, which is a line feed, or a carriage return and a line feed.
  ///
  /// - Returns: the line; `nil` as long as there is no whole line.
  public func receiveLine() -> String? {
    guard let end = received.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    var line = received[..<end]
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    defer { received.removeFirst(end + 1) }
    return String(decoding: line, as: UTF8.self)
  }

  /// Sends bytes. Bytes that do not fit in the buffer are sent when there is space.
  ///
  /// - Returns: `false` when the stream has ended, so that the bytes are lost.
  @discardableResult
  public func send(_ bytes: [UInt8]) -> Bool {
    if end.isClosed || end.isDead || endsOutput || wasRefused { return false }
    unsent.append(bytes)
    sendMore()
    return true
  }

  /// Sends the text's UTF-8.
  @discardableResult
  public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Ends the own stream when everything was sent; what the other side sends still arrives.
  public func endOutput() {
    endsOutput = true
    sendMore()
  }

  /// Closes the stream at once: what waits to be sent is dropped.
  public func close() {
    onChange = nil
    end.close()
  }

  /// Resets the stream.
  public func reset() {
    onChange = nil
    end.reset()
  }

  /// Reads the arrived bytes.
  private func takeIn() {
    if end.isClosed || end.isConnecting { return }
    if end.isConnected { isOpened = true }
    // Behind the end of the other side's stream.
    if isEnded && end.isDead { wasReset = wasReset || CallError(end.takeError()).isReset }
    while !isReadingPaused, !isEnded {
      switch end.receive(.max) {
      case .success(let bytes) where bytes.isEmpty:
        isEnded = true
      case .success(let bytes):
        received.append(contentsOf: bytes)
      case .failure(let error) where error.wouldBlock:
        return
      case .failure(let error):
        isEnded = true
        wasReset = wasReset || error.isReset
        wasRefused = !isOpened
      }
    }
  }

  private func sendMore() {
    while !unsent.isEmpty, !end.isClosed {
      let bytes = unsent.take(4096)
      switch end.send(bytes) {
      case .success(let count) where count == bytes.count:
        continue
      case .success(let count):
        return unsent.putBack(bytes.dropFirst(count))
      case .failure(let error) where error.wouldBlock:
        return unsent.putBack(bytes)
      case .failure(let error):
        // The bytes that have arrived can still be received.
        wasReset = wasReset || error.isReset
        wasRefused = !isOpened
        return unsent.removeAll()
      }
    }
    if endsOutput && unsent.isEmpty && end.isConnected { _ = end.endOutput() }
  }
}

extension Simulation {
  /// Connects a scripted peer to an address. Whether that succeeds shows when the simulation has run.
  ///
  /// - Parameters:
  ///   - address: the address of a server, of any family.
  ///   - host: the host of the peer.
  public func connect(to address: SocketAddress, from host: SimulatedHost? = nil) -> SimulatedPeer {
    let host = host ?? localhost
    let end: StreamEnd
    if address.family == .unix {
      end = StreamEnd(
        host, isUnix: true, local: SocketAddress("unix:@peer-\(world.takePeerNumber())")!, remote: address)
      if let listener = host.listener(for: address), !listener.isFull {
        world.establish(end, at: listener)
        end.finishConnecting()
      } else {
        end.refuse()
      }
    } else {
      let port = SocketAddress("0.0.0.0:\(host.takePort())")!
      end = StreamEnd(
        host, isUnix: false, local: host.source(for: address, port: SocketAddress("0.0.0.0:0")!).withPort(of: port),
        remote: address)
      world.connect(end)
    }
    return SimulatedPeer(end)
  }

  /// Listens on an address, for servers that connect to a script.
  ///
  /// - Returns: the listener; `nil` if the address is taken.
  public func listen(on address: SocketAddress, backlog: Int = 128, host: SimulatedHost? = nil) -> SimulatedListener? {
    let host = host ?? localhost
    guard !host.isTaken(address, isDatagram: false) else { return nil }
    if let path = address.path, !path.hasPrefix("@") { host.addFile(path) }
    let socket = ListeningSocket(
      host, address, isIPv6: address.family == .ipv6, takesIPv4: false, backlog: backlog)
    host.bind(socket)
    return SimulatedListener(socket)
  }

  /// Opens a scripted peer for datagrams, on a port of its own.
  public func openDatagramPeer(isIPv6: Bool = false, on host: SimulatedHost? = nil) -> SimulatedDatagramPeer {
    let host = host ?? localhost
    let address = (isIPv6 ? host.addressIPv6 : host.address).withPort(of: SocketAddress("0.0.0.0:\(host.takePort())")!)
    let socket = DatagramSocket(host, local: address, isIPv6: isIPv6, takesIPv4: false)
    host.bind(socket)
    return SimulatedDatagramPeer(socket)
  }
}

/// A scripted listener, which accepts every connection.
public final class SimulatedListener {
  private let socket: ListeningSocket

  /// The connections so far.
  public private(set) var peers: [SimulatedPeer] = []

  /// Called with each connection.
  public var onConnection: ((SimulatedPeer) -> Void)?

  init(_ socket: ListeningSocket) {
    self.socket = socket
    socket.onConnection = { [unowned self] in
      while let end = self.socket.accept() {
        let peer = SimulatedPeer(end)
        peers.append(peer)
        onConnection?(peer)
      }
    }
  }

  deinit { close() }

  /// The address.
  public var address: SocketAddress { socket.address }

  /// Stops listening: further connections are refused.
  public func close() { if !socket.isClosed { socket.close() } }
}

/// A scripted peer for datagrams.
public final class SimulatedDatagramPeer {
  private let socket: DatagramSocket

  /// The datagrams that have arrived, with their senders.
  public private(set) var received: [(bytes: [UInt8], sender: SocketAddress)] = []

  init(_ socket: DatagramSocket) {
    self.socket = socket
    socket.onArrival = { [unowned self] in
      while case .success(let datagram) = self.socket.receive() { received.append((datagram.bytes, datagram.source)) }
    }
  }

  deinit { socket.close() }

  /// The address.
  public var address: SocketAddress { socket.local }

  /// Sends a datagram.
  public func send(_ bytes: [UInt8], to address: SocketAddress) { _ = socket.send(bytes, to: address, from: nil) }
}
