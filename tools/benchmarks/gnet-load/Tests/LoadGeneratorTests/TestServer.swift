import Glibc
import Synchronization

@testable import LoadGenerator

/// A server on a thread of its own. `reply` turns the input of a connection, or a datagram, into the answer; `nil`
/// closes.
final class TestServer: Sendable {
  typealias Reply = @Sendable (inout [UInt8]) -> [UInt8]?

  let address: String
  private let listener: Int32
  private let accepted = Atomic<Int>(0)
  private let path: String?

  /// The number of accepted connections.
  var connectionCount: Int { accepted.load(ordering: .relaxed) }

  init(
    _ scheme: String = "tcp", tls: TLSSide? = nil,
    reply: @escaping Reply = { bytes in
      defer { bytes = [] }; return bytes
    }
  ) throws {
    let isDatagram = scheme == "udp"
    let type = Int32((isDatagram ? SOCK_DGRAM : SOCK_STREAM).rawValue)
    let listener: Int32
    if scheme == "unix" {
      var name = Array("/tmp/gnet-load-test-XXXXXX".utf8CString)
      _ = mkdtemp(&name)
      let path = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self) + "/socket"
      var address = sockaddr_un(sun_family: sa_family_t(AF_UNIX), sun_path: sockaddr_un().sun_path)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      listener = socket(AF_UNIX, type, 0)
      bindSocket(listener, &address)
      self.path = path
      self.address = "unix://\(path)"
    } else {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      listener = socket(AF_INET, type, 0)
      bindSocket(listener, &address)
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      _ = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
      }
      path = nil
      self.address = "\(scheme)://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
    }
    self.listener = listener
    if isDatagram {
      startThread { serveDatagrams(listener, reply) }
    } else {
      listen(listener, 1024)
      startThread { [self] in
        while case let fd = accept(listener, nil, nil), fd >= 0 {
          accepted.add(1, ordering: .relaxed)
          startThread { serveStream(fd, tls, reply) }
        }
      }
    }
  }

  /// Ends the thread that accepts; connections end when their peer closes them.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    if let path {
      unlink(path)
      rmdir(String(path.dropLast("/socket".count)))
    }
  }

  /// A plan for this server.
  func plan(_ exchange: Plan.Exchange = .echo(size: 64)) throws -> Plan {
    Plan(target: try Target(address), exchange: exchange)
  }
}

private func bindSocket<Address>(_ fd: Int32, _ address: inout Address) {
  _ = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(fd, $0, socklen_t(MemoryLayout<Address>.size)) }
  }
}

private func serveStream(_ fd: Int32, _ tls: TLSSide?, _ reply: TestServer.Reply) {
  defer { close(fd) }
  let encrypted = tls?.accept(fd)
  if tls != nil && encrypted == nil { return }
  defer { encrypted?.end() }
  var (buffer, waiting) = ([UInt8](repeating: 0, count: 65536), [UInt8]())
  while case let count = encrypted?.receive(&buffer) ?? recv(fd, &buffer, buffer.count, 0), count > 0 {
    waiting += buffer[..<count]
    guard let answer = reply(&waiting) else { break }
    var sent = 0
    while sent < answer.count {
      let rest = answer[sent...]
      let result =
        encrypted?.send(rest) ?? rest.withUnsafeBytes { send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if result <= 0 { break }
      sent += result
    }
  }
}

private func serveDatagrams(_ fd: Int32, _ reply: TestServer.Reply) {
  var buffer = [UInt8](repeating: 0, count: 65536)
  while true {
    var (sender, length) = (sockaddr_in(), socklen_t(MemoryLayout<sockaddr_in>.size))
    let count = withUnsafeMutablePointer(to: &sender) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(fd, &buffer, buffer.count, 0, $0, &length) }
    }
    // A socket that is shut down reports an empty datagram, which gnet-load never sends.
    if count <= 0 { break }
    var datagram = Array(buffer[..<count])
    guard let answer = reply(&datagram), !answer.isEmpty else { continue }
    _ = withUnsafePointer(to: &sender) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { sendto(fd, answer, answer.count, 0, $0, length) }
    }
  }
  close(fd)
}

private func startThread(_ body: @escaping @Sendable () -> Void) {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  let box = Unmanaged.passRetained(Box(body)).toOpaque()
  pthread_create(
    &thread, nil,
    { argument in
      Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
      return nil
    }, box)
  pthread_detach(thread)
}
