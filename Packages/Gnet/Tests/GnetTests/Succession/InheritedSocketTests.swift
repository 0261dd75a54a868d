import CGnet
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

/// A socket of the test's own making, as a program may be started with; closed unless a server has taken it.
private struct GivenSocket {
  let descriptor: FileDescriptor

  /// Makes a socket that is bound to a port of the loopback interface, or to a path.
  init(path: String? = nil, isDatagram: Bool = false, isListening: Bool = true, isBound: Bool = true) throws {
    let system = Kernel.shared
    let family = path == nil ? AF_INET : AF_UNIX
    let socket = try system.socket(family: family, isDatagram: isDatagram)
    let address = try #require(
      path.map { RawAddress(path: $0) } ?? RawAddress(SocketAddress("127.0.0.1:0")!, isIPv6: false))
    if isBound { try system.checked(system.bind(socket.fd, to: address)) }
    if isListening && !isDatagram && isBound { try system.checked(system.listen(socket.fd, backlog: 16)) }
    descriptor = FileDescriptor(rawValue: socket.release())
  }

  /// Whether the descriptor is open.
  var isOpen: Bool {
    var kind = cgnet_socket_kind()
    return Kernel.shared.identify(descriptor.rawValue, as: &kind) != -EBADF
  }

  /// Closes the descriptor; only for a socket that no server has taken.
  func close() { Kernel.shared.close(descriptor.rawValue) }
}

@Suite("listeners on sockets that the process was given") struct InheritedSocketTests {
  private static let echo = Service(Events.echo)

  private func expectEcho(from server: Server, datagrams: Bool = false) throws {
    try Client(server.addresses[0], datagrams: datagrams).expectEcho("hello")
  }

  @Test("a TCP socket is served, whether it listens already or not", arguments: [1, 3], [true, false])
  func tcp(loopCount: Int, isListening: Bool) throws {
    let given = try GivenSocket(isListening: isListening)
    let bound = try Kernel.shared.localAddress(of: given.descriptor.rawValue)
    let listener = Listener(inheriting: given.descriptor, Self.echo)
    #expect(!listener.isDatagram)
    try withListeners([listener], options: Options(loopCount: loopCount)) { server in
      #expect(server.addresses == [bound])
      for _ in 0..<8 { try expectEcho(from: server) }
    }
    // The socket has ended with the server.
    #expect(throws: Errno.connectionRefused) { try Client(bound) }
  }

  @Test("a socket of datagrams is served", arguments: [1, 3])
  func udp(loopCount: Int) throws {
    let given = try GivenSocket(isDatagram: true)
    let listener = Listener("fd://\(given.descriptor.rawValue)", Self.echo)
    #expect(listener.isDatagram)
    try withListeners([listener], options: Options(loopCount: loopCount)) { server in
      for _ in 0..<8 { try expectEcho(from: server, datagrams: true) }
      #expect(server.send([1], to: server.addresses[0], from: 0))
    }
  }

  @Test("the path of a unix socket is not removed at the end")
  func path() throws {
    let path = Files.temporaryPath()
    let given = try GivenSocket(path: path)
    defer { Files.remove(path) }
    try withListeners([Listener(inheriting: given.descriptor, Self.echo)]) { server in
      #expect(server.addresses == [SocketAddress(.unix(path: path))])
      try expectEcho(from: server)
    }
    #expect(Files.exists(path))
  }

  @Test("the descriptor is closed at the end of the start, and the server's own at its end")
  func descriptors() async {
    await #expect(processExitsWith: .success) {
      try withListeners([Listener(inheriting: GivenSocket().descriptor, InheritedSocketTests.echo)]) { _ in }
      let before = ProcessState()
      let given = try GivenSocket()
      try withListeners([Listener(inheriting: given.descriptor, InheritedSocketTests.echo)]) { _ in
        precondition(!given.isOpen)
      }
      try before.requireNothingLeft()
    }
  }

  @Test("the descriptor is the caller's again when the server cannot start")
  func failure() throws {
    let given = try GivenSocket()
    let listeners = [Listener(inheriting: given.descriptor, Self.echo), Listener("192.0.2.1:0", Self.echo)]
    #expect(throws: ServeError.system(operation: "bind", address: "192.0.2.1:0", .addressNotAvailable)) {
      try serve(listeners)
    }
    #expect(given.isOpen)
    try withListeners([listeners[0]]) { try expectEcho(from: $0) }
  }

  @Test("a descriptor that is no socket of a server is an error that names the address")
  func unsuitable() throws {
    let pipe = try FileDescriptor.pipe()
    defer { for end in [pipe.readEnd, pipe.writeEnd] { try? end.close() } }
    let number = pipe.readEnd.rawValue
    #expect(throws: ServeError.system(operation: "getsockopt", address: "fd://\(number)", .notSocket)) {
      try serve([Listener(inheriting: pipe.readEnd, Self.echo)])
    }
    #expect(throws: ServeError.system(operation: "getsockopt", address: "fd://1000000", .badFileDescriptor)) {
      try serve([Listener("fd://1000000", Self.echo)])
    }
    let path = Files.temporaryPath()
    let datagrams = try GivenSocket(path: path, isDatagram: true)
    let unbound = try GivenSocket(isBound: false)
    defer {
      datagrams.close()
      unbound.close()
      Files.remove(path)
    }
    for (descriptor, reason) in [
      (datagrams.descriptor, "no socket of TCP"), (unbound.descriptor, "bound to no address"),
    ] {
      let error = #expect(throws: ServeError.self) { try serve([Listener(inheriting: descriptor, Self.echo)]) }
      #expect("\(try #require(error))".contains(reason))
    }
  }

  @Test("a descriptor is given to one listener")
  func twice() throws {
    let given = try GivenSocket()
    defer { given.close() }
    let listener = Listener(inheriting: given.descriptor, Self.echo)
    #expect(throws: ServeError.invalidAddress(listener.address, reason: "the descriptor is given twice")) {
      try serve([listener, listener])
    }
  }

  @Test("datagrams need a service of events")
  func service() throws {
    let given = try GivenSocket(isDatagram: true)
    defer { given.close() }
    let listener = Listener(inheriting: given.descriptor, Service(async: { _ in }))
    #expect(throws: ServeError.invalidAddress(listener.address, reason: "datagrams need a service of Events")) {
      try serve([listener])
    }
  }

  @Test("an address of a descriptor has a number and no more", arguments: ["fd://", "fd://x", "fd://-1", "fd://3:4"])
  func badNumber(address: String) {
    #expect(
      throws: ServeError.invalidAddress(address, reason: "the number of a descriptor must follow fd://")
    ) { try serve(.echo, on: address) }
  }

  @Test("without sockets of a service manager, an address of one is an error")
  func notActivated() {
    let error = #expect(throws: ServeError.self) { try serve(.echo, on: "systemd://web") }
    #expect("\(String(describing: error))".contains("LISTEN_FDS"))
  }

  @Test(
    "an error of a system call names it and the address",
    arguments: [SystemCall.duplicate, .getName, .setOption, .listen])
  func faults(call: SystemCall) throws {
    let given = try GivenSocket(isListening: false)
    defer { given.close() }
    let faults = FaultPlan()
    faults.fail(call, with: .noBufferSpace)
    var options = Options()
    options.faults = faults
    let listener = Listener(inheriting: given.descriptor, Self.echo)
    #expect(throws: ServeError.system(operation: call.rawValue, address: listener.address, .noBufferSpace)) {
      try serve([listener], options: options)
    }
    #expect(faults.remaining == 0 && given.isOpen)
  }
}

@Suite("sockets of a service manager") struct SocketActivationTests {
  private func sockets(_ variables: [String: String], process: Int32 = 42) -> SocketActivation {
    SocketActivation(variables, process: process)
  }

  @Test("sockets have the descriptors from 3 on, and the names that the manager tells")
  func names() throws {
    let sockets = sockets(["LISTEN_PID": "42", "LISTEN_FDS": "4", "LISTEN_FDNAMES": "web:admin:web"])
    #expect(sockets.names == ["web", "admin", "web", "unknown"])
    #expect(try sockets.descriptors(named: "web") == [3, 5])
    #expect(try sockets.descriptors(named: "admin") == [4])
    #expect(try sockets.descriptors(named: "") == [3])
    let error = #expect(throws: SocketActivation.Problem.self) { try sockets.descriptors(named: "other") }
    #expect(error?.reason.contains("admin, unknown, web") == true)
  }

  @Test(
    "sockets of another process, and numbers that are none, are not this process's",
    arguments: [
      ["LISTEN_PID": "43", "LISTEN_FDS": "1"], ["LISTEN_FDS": "1"], ["LISTEN_PID": "42"],
      ["LISTEN_PID": "42", "LISTEN_FDS": "0"], ["LISTEN_PID": "42", "LISTEN_FDS": "-1"],
      ["LISTEN_PID": "42", "LISTEN_FDS": "x"], ["LISTEN_PID": "42", "LISTEN_FDS": "2147483647"],
    ])
  func others(variables: [String: String]) {
    #expect(sockets(variables).names.isEmpty)
    #expect(throws: SocketActivation.Problem.self) { try sockets(variables).descriptors(named: "") }
  }
}
