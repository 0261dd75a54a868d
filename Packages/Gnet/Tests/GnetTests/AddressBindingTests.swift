import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Binds an address as a server of one loop does, without a server.
private func bindForTests(_ address: String) throws(ServeError) -> [BoundSocket] {
  try Address(address).bind(index: 0, loopCount: 1, backlog: 16, options: Options(), on: Kernel.shared).flatMap { $0 }
}

@Suite("addresses as they are served") struct AddressBindingTests {
  /// Answers everything with the address's place and the peer's address.
  private static var introduction: Events {
    Events { connection, input in
      input.removeAll()
      connection.write("\(connection.addressIndex) \(connection.remoteAddress)\n")
      return .none
    }
  }

  @Test(
    "every scheme of streams serves, alone and with reuseport",
    arguments: [
      "tcp://127.0.0.1:0", "127.0.0.1:0", "tcp4://127.0.0.1:0", "tcp6://[::1]:0", "tcp://[::1]:0", "tcp://:0",
      "tcp4://:0", "tcp6://:0", "tcp://localhost:0", "tcp4://localhost:0", "tcp://0.0.0.0:0", "tcp://[::]:0",
      "tcp://[::ffff:127.0.0.1]:0",
    ], [false, true])
  func streams(address: String, reusePort: Bool) throws {
    let options = Options(loopCount: 2)
    try withServer(Self.introduction, options: options, on: [address + (reusePort ? "?reuseport=true" : "")]) {
      server in
      #expect(server.address().port! > 0)
      for _ in 0..<4 {
        let client = try Client(server.address())
        try client.send("x")
        #expect(try client.receiveLine() == "0 \(client.localAddress)")
      }
    }
  }

  @Test(
    "every scheme of datagrams serves, alone and with reuseport",
    arguments: [
      "udp://127.0.0.1:0", "udp4://127.0.0.1:0", "udp6://[::1]:0", "udp://[::1]:0", "udp://:0", "udp4://:0",
      "udp6://:0", "udp://localhost:0", "udp://[::ffff:127.0.0.1]:0",
    ], [false, true])
  func datagrams(address: String, reusePort: Bool) throws {
    let options = Options(loopCount: 2)
    try withServer(Self.introduction, options: options, on: [address + (reusePort ? "?reuseport=true" : "")]) {
      server in
      for _ in 0..<4 {
        let client = try Client(server.address(), datagrams: true)
        try client.send("x")
        #expect(try client.receive() == Array("0 \(client.localAddress)\n".utf8))
      }
    }
  }

  @Test(
    "an empty host serves IPv4 and IPv6 peers, each seen under its own address", arguments: ["tcp", "udp"])
  func dualStack(scheme: String) throws {
    try withServer(Self.introduction, on: ["\(scheme)://:0"]) { server in
      let port = UInt16(server.address().port!)
      let ends: [SocketAddress.Storage] = [
        .ipv4(address: 0x7f00_0001, port: port), .ipv6(high: 0, low: 1, scope: 0, port: port),
      ]
      for end in ends {
        let client = try Client(SocketAddress(end), datagrams: scheme == "udp")
        try client.send("x")
        #expect(try client.receiveLine() == "0 \(client.localAddress)")
      }
    }
  }

  #if DEBUG
    @Test("a name is served at all of its addresses, on one port", arguments: ["", "?reuseport=true"], [1, 3])
    func name(query: String, loopCount: Int) throws {
      let plan = FaultPlan()
      let hosts = ["127.0.0.1", "::1", "127.0.0.1", "192.0.2.1", "127.0.0.2"]
      plan.resolve("both.example", to: hosts.map { SocketAddress(numericHost: $0, port: 0)! })
      let options = Options(loopCount: loopCount, faults: plan)
      try withServer(Self.introduction, options: options, on: ["tcp://both.example:0\(query)", "tcp4://127.0.0.1:0"]) {
        server in
        #expect(server.server.addresses.count == 2)
        #expect(server.address().host == "127.0.0.1")
        for host in ["127.0.0.1", "::1", "127.0.0.2"] {
          let client = try Client(SocketAddress(numericHost: host, port: UInt16(server.address().port!))!)
          try client.send("x")
          #expect(try client.receiveLine() == "0 \(client.localAddress)")
        }
        let client = try Client(server.address(1))
        try client.send("x")
        #expect(try client.receiveLine() == "1 \(client.localAddress)")
      }
    }

    @Test("a port that one of a name's addresses does not have is an error, unless the system may choose another")
    func busyPortOfName() throws {
      try withServer(.echo, on: ["tcp6://[::1]:0"]) { busy in
        let plan = FaultPlan()
        plan.resolve("both.example", to: ["127.0.0.1", "::1"].map { SocketAddress(numericHost: $0, port: 0)! })
        let options = Options(faults: plan)
        let address = "tcp://both.example:\(busy.address().port!)"
        #expect(throws: ServeError.system(operation: "bind", address: address, .addressInUse)) {
          try serve(.echo, options: options, on: address)
        }
        // The second bind is that of the second address.
        plan.fail(.bind, with: .addressInUse, skipping: 1)
        try withServer(Self.introduction, options: options, on: ["tcp://both.example:0"]) { server in
          let client = try Client(SocketAddress(numericHost: "::1", port: UInt16(server.address().port!))!)
          try client.send("x")
          #expect(try client.receiveLine() == "0 \(client.localAddress)")
        }
      }
    }
  #endif

  @Test("a scheme of one version of IP serves no other", arguments: [("tcp4", true), ("tcp6", false)])
  func oneVersion(scheme: String, isIPv4: Bool) throws {
    try withServer(Self.introduction, on: ["\(scheme)://:0"]) { server in
      let port = UInt16(server.address().port!)
      #expect(server.address().family == (isIPv4 ? .ipv4 : .ipv6))
      let other: SocketAddress.Storage =
        isIPv4 ? .ipv6(high: 0, low: 1, scope: 0, port: port) : .ipv4(address: 0x7f00_0001, port: port)
      #expect(throws: Errno.connectionRefused) { try Client(SocketAddress(other)) }
    }
  }

  @Test("one server serves any mix of addresses, and tells by which a peer came", arguments: [1, 3])
  func mix(loopCount: Int) throws {
    let path = Files.temporaryPath()
    let addresses = [
      "tcp://127.0.0.1:0", "udp://127.0.0.1:0", "unix://\(path)", "tcp6://[::1]:0?reuseport=true",
      "udp6://[::1]:0?reuseport=true", "tcp4://:0", "udp://:0",
    ]
    try withServer(Self.introduction, options: Options(loopCount: loopCount), on: addresses) { server in
      #expect(server.server.addresses.count == addresses.count)
      #expect(server.address(2) == SocketAddress(.unix(path: path)))
      #expect(Set(server.server.addresses).count == addresses.count)
      for _ in 0..<4 {
        for (index, address) in addresses.enumerated() {
          let client = try Client(server.address(index), datagrams: address.hasPrefix("udp"))
          try client.send("x")
          #expect(try client.receiveLine() == "\(index) \(client.localAddress)")
        }
      }
    }
  }

  @Test("with reuseport every loop accepts for itself")
  func reusePort() throws {
    let options = Options(loopCount: 3)
    try withServer(Self.introduction, options: options, on: ["tcp://127.0.0.1:0?reuseport=true"]) { server in
      let clients = try (0..<96).map { _ in try Client(server.address()) }
      for client in clients { try client.send("x") }
      for client in clients { _ = try client.receiveLine() }
      for loop in server.server.loops { #expect(loop.statistics.accepts > 0) }
      #expect(server.server.loops.reduce(0) { $0 + $1.statistics.accepts } == 96)
    }
  }

  @Test("several servers share a port if all of them ask for it", arguments: ["tcp", "udp"])
  func sharedPort(scheme: String) throws {
    try withServer(Self.introduction, on: ["\(scheme)://127.0.0.1:0?reuseport=true"]) { first in
      let shared = "\(scheme)://\(first.address())"
      try withServer(Self.introduction, on: ["\(shared)?reuseport=true"]) { second in
        #expect(first.address() == second.address())
        func served() -> [UInt64] {
          [first, second].map { $0.server.loops[0].statistics }.map { $0.bytesRead }
        }
        try require("both have served") {
          guard let client = try? Client(first.address(), datagrams: scheme == "udp") else { return false }
          try? client.send("x")
          _ = try? client.receiveLine()
          return served().allSatisfy { $0 > 0 }
        }
      }
      #expect(throws: ServeError.system(operation: "bind", address: shared, .addressInUse)) {
        try serve(.echo, on: shared)
      }
    }
  }

  // MARK: What cannot be served

  @Test("a port in use is an error that names the address", arguments: [StreamTransport.tcp4, .tcp6])
  func busyPort(transport: StreamTransport) throws {
    try withServer(.echo, on: [transport.address()]) { server in
      let address = "tcp://\(server.address())"
      #expect(throws: ServeError.system(operation: "bind", address: address, .addressInUse)) {
        try serve(.echo, on: address)
      }
      try Client(server.address()).expectEcho("still here")
    }
  }

  @Test(
    "a host that does not resolve is an invalid address",
    arguments: [
      "no such host", String(repeating: "a", count: 300), "256.256.256.256.", "tcp6://127.0.0.1",
      "udp6://127.0.0.1",
    ])
  func unresolvedHost(host: String) {
    let error = #expect(throws: ServeError.self) { try serve(.echo, on: "\(host):0") }
    guard case .invalidAddress("\(host):0", let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("resolved"))
  }

  @Test(
    "an address of no interface here is an error of the system",
    arguments: ["tcp://192.0.2.1:0", "udp://192.0.2.1:0"])
  func foreignAddress(address: String) {
    #expect(throws: ServeError.system(operation: "bind", address: address, .addressNotAvailable)) {
      try serve(.echo, on: address)
    }
  }

  @Test("what was bound before an address that fails is closed again")
  func closedAgain() throws {
    let path = Files.temporaryPath()
    let port = try unusedPort()
    try withServer(.echo) { busy in
      let addresses = [
        "tcp://127.0.0.1:\(port)", "unix://\(path)", "udp://127.0.0.1:\(port)", "tcp://\(busy.address())",
      ]
      #expect(throws: ServeError.system(operation: "bind", address: addresses[3], .addressInUse)) {
        try serve(.echo, on: addresses)
      }
      #expect(!Files.exists(path))
      #expect(throws: Errno.connectionRefused) {
        try Client(SocketAddress(.ipv4(address: 0x7f00_0001, port: port)))
      }
      try withServer(.echo, on: Array(addresses[..<3])) { server in
        try Client(server.address(1)).expectEcho("x")
      }
    }
  }

  @Test("a server's port can be served again at once after it has ended with connections open")
  func servedAgain() throws {
    let port = try unusedPort()
    for round in 0..<3 {
      try withServer(.echo, on: ["tcp://127.0.0.1:\(port)"]) { server in
        try Client(server.address()).expectEcho("round \(round)")
      }
    }
  }

  /// A port of the loopback interface that nobody listens on.
  private func unusedPort() throws -> UInt16 {
    var port: UInt16 = 0
    try withServer(.echo) { port = UInt16($0.address().port!) }
    return port
  }
}

@Suite("paths of unix sockets") struct UnixPathTests {
  private let streams = Int32(SOCK_STREAM.rawValue)

  @Test("a path may be relative to the working directory, and is removed at the end")
  func relativePath() throws {
    let name = Files.temporaryPath()
    let depth = Files.workingDirectory.split(separator: "/").count
    let relative = String(repeating: "../", count: depth) + name.dropFirst()
    try withServer(.echo, on: ["unix://\(relative)"]) { server in
      #expect(server.address().path == relative)
      #expect(Files.exists(name))
      try expectEcho(from: server.address())
      try expectEcho(from: SocketAddress(.unix(path: name)))
    }
    #expect(!Files.exists(name))
  }

  @Test("a relative path is removed at the end also where the working directory has changed")
  func relativePathElsewhere() async {
    // In a process of its own, since the working directory is the whole process's.
    await #expect(processExitsWith: .success) {
      let name = Files.temporaryPath()
      Files.workingDirectory = "/tmp"
      try withServer(.echo, on: ["unix://\(name.dropFirst("/tmp/".count))"]) { _ in
        precondition(Files.exists(name))
        Files.workingDirectory = "/"
      }
      precondition(!Files.exists(name))
    }
  }

  @Test("a path may be as long as the system allows")
  func longestPath() throws {
    let start = Files.temporaryPath()
    let path = start + String(repeating: "p", count: RawAddress.maximumPathLength - start.utf8.count)
    var events = Events.echo
    let seen = Log<SocketAddress>()
    events.onOpened = { connection in seen.note(connection.localAddress) }
    try withServer(events, on: ["unix://\(path)"]) { server in
      #expect(server.address().path == path)
      try expectEcho(from: server.address())
      #expect(seen.values == [server.address()])
    }
    #expect(!Files.exists(path))
  }

  @Test("a path is taken as it stands, without decoding")
  func undecodedPath() throws {
    let path = Files.temporaryPath() + "%20 ü?x#y:1"
    try withServer(.echo, on: ["unix://\(path)"]) { server in
      #expect(Files.exists(path))
      try expectEcho(from: server.address())
    }
    #expect(!Files.exists(path))
  }

  @Test("a path with a live server is in use, and the server does not suffer")
  func liveServer() throws {
    let address = "unix://\(Files.temporaryPath())"
    try withServer(.echo, on: [address]) { server in
      for _ in 0..<3 {
        #expect(throws: ServeError.system(operation: "bind", address: address, .addressInUse)) {
          try serve(.echo, on: address)
        }
      }
      try expectEcho(from: server.address())
      try require("the client is counted") { server.server.loops[0].statistics.accepts > 0 }
      #expect(server.server.loops[0].statistics.accepts == 1, "the other starters have not connected")
    }
  }

  @Test("a path that somebody has bound and does not listen on yet is in use")
  func startingServer() throws {
    let path = Files.temporaryPath()
    let starting = try Client(boundTo: path)
    defer {
      starting.close()
      Files.remove(path)
    }
    #expect(throws: ServeError.system(operation: "bind", address: "unix://\(path)", .addressInUse)) {
      try bindForTests("unix://\(path)")
    }
    #expect(Files.exists(path))
  }

  @Test("of servers that start at once on an abandoned path, exactly one serves")
  func simultaneousStarts() throws {
    for _ in 0..<40 {
      let path = Files.temporaryPath()
      try Client(boundTo: path).close()
      let sockets = Log<BoundSocket>()
      let errors = Log<ServeError>()
      let ready = Counter()
      try concurrently(4) { _ in
        ready.add()
        while ready.value < 4 { TestThread.yield() }
        do throws(ServeError) {
          for socket in try bindForTests("unix://\(path)") { sockets.add(socket) }
        } catch {
          errors.add(error)
        }
      }
      try #require(sockets.count == 1 && errors.count == 3)
      for error in errors.values {
        #expect(error == .system(operation: "bind", address: "unix://\(path)", .addressInUse))
      }
      let client = try Client(path: path)
      guard case .accepted = Kernel.shared.accepting(sockets.values[0].fd) else {
        Issue.record("the path belongs to another socket")
        return
      }
      client.close()
    }
  }

  #if os(Linux)
    @Test("a name that begins with @ is one of the abstract namespace, and no file", arguments: [1, 3])
    func abstractName(loopCount: Int) throws {
      let name = "@gnet-\(UInt32.random(in: 0 ... .max))"
      try withServer(.echo, options: Options(loopCount: loopCount), on: ["unix://\(name)"]) { server in
        #expect(!Files.exists(name))
        #expect(server.address().path == name)
        let raw = RawAddress(SocketAddress(.unix(path: name)), isIPv6: false)
        let socket = try Kernel.shared.socket(family: AF_UNIX, isDatagram: false)
        #expect(Kernel.shared.connect(socket.fd, to: raw) == 0)
        try require("the connection is there") { server.server.connectionCount == 1 }
        #expect(try Kernel.shared.peerAddress(of: socket.fd) == server.address())
        #expect(throws: ServeError.system(operation: "bind", address: "unix://\(name)", .addressInUse)) {
          try serve(.echo, on: "unix://\(name)")
        }
      }
    }
  #endif

  @Test("a socket that a server left behind is replaced")
  func staleSocket() throws {
    let path = Files.temporaryPath()
    try Client(boundTo: path).close()
    #expect(Files.exists(path))
    try withServer(.echo, on: ["unix://\(path)"]) { try expectEcho(from: $0.address()) }
    #expect(!Files.exists(path))
  }

  @Test("anything but a socket is left alone", arguments: ["file", "directory", "link"])
  func otherFile(kind: String) throws {
    let path = Files.temporaryPath()
    let target = Files.temporaryPath()
    switch kind {
    case "file": Files.write(to: path)
    case "directory": Files.makeDirectory(path)
    default:
      try Client(boundTo: target).close()
      Files.makeLink(path, to: target)
    }
    defer {
      Files.remove(path)
      Files.remove(target)
    }
    #expect(throws: ServeError.system(operation: "bind", address: "unix://\(path)", .addressInUse)) {
      try serve(.echo, on: "unix://\(path)")
    }
    #expect(Files.exists(path))
    #expect(kind != "link" || Files.exists(target))
  }

  @Test("a socket of datagrams that someone holds is left alone")
  func datagramSocket() throws {
    let path = Files.temporaryPath()
    let holder = try Client(boundTo: path, datagrams: true)
    defer {
      holder.close()
      Files.remove(path)
    }
    #expect(throws: ServeError.system(operation: "bind", address: "unix://\(path)", .addressInUse)) {
      try serve(.echo, on: "unix://\(path)")
    }
    #expect(Files.exists(path))
  }

  @Test("a file that has taken the socket's place is not removed at the end")
  func replacedFile() throws {
    let path = Files.temporaryPath()
    defer { Files.remove(path) }
    try withServer(.echo, on: ["unix://\(path)"]) { first in
      Files.remove(path)
      try withServer(.echo, on: ["unix://\(path)"]) { second in
        try first.stop()
        #expect(Files.exists(path))
        try expectEcho(from: second.address())
      }
      #expect(!Files.exists(path))
    }
    try withServer(.echo, on: ["unix://\(path)"]) { _ in
      Files.remove(path)
      Files.write(to: path)
    }
    #expect(Files.exists(path))
  }

  @Test("a directory that does not exist is an error of the system")
  func noDirectory() {
    let address = "unix://\(Files.temporaryPath())/socket"
    #expect(throws: ServeError.system(operation: "bind", address: address, .noSuchFileOrDirectory)) {
      try serve(.echo, on: address)
    }
  }

  @Test("the file gets the permissions that were asked for")
  func permissions() throws {
    let path = Files.temporaryPath()
    var options = Options()
    options.unixSocketPermissions = [.ownerReadWrite]
    try withServer(.echo, options: options, on: ["unix://\(path)"]) { _ in
      #expect(Files.permissions(of: path) == 0o600)
    }
  }

  private func expectEcho(from address: SocketAddress) throws {
    try Client(address).expectEcho("hello")
  }
}
