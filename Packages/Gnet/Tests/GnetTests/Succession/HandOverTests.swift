import CGnet
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

/// The failures of a hand-over. Successors that take over are tested with the examples, as programs of their own.
@Suite("a successor that does not take over") struct HandOverTests {
  private func successor(_ script: String, within timeout: Duration = .seconds(60)) -> Successor {
    var successor = Successor(program: "sh", arguments: ["-c", script])
    successor.timeout = timeout
    return successor
  }

  private func expectEcho(from server: Server) throws {
    for address in server.addresses {
      try Client(address).expectEcho("still here")
    }
  }

  /// Serves on TCP and on a path, and expects that the server goes on after `body`, and removes its path at the end.
  private func withServer(_ body: (Server) throws -> Void) throws {
    let path = Files.temporaryPath()
    let listeners = ["tcp://127.0.0.1:0?reuseport=true", "unix://\(path)"].map { Listener($0, Service(.echo)) }
    try withListeners(listeners, options: Options(loopCount: 2)) { server in
      try body(server)
      try expectEcho(from: server)
      #expect(!server.isShuttingDown)
      #expect(Files.exists(path))
    }
    #expect(!Files.exists(path))
  }

  @Test("a successor that ends is an error with its exit code or its signal, and the server goes on")
  func end() throws {
    try withServer { server in
      #expect(throws: HandOverError.successorEnded(3)) { try server.handOver(to: successor("exit 3")) }
      #expect(throws: HandOverError.successorEnded(-9)) { try server.handOver(to: successor("kill -9 $$")) }
    }
  }

  @Test("a program that is not there is an error of the system, and the server goes on")
  func missing() throws {
    try withServer { server in
      #expect(throws: HandOverError.system(operation: "posix_spawn", .noSuchFileOrDirectory)) {
        try server.handOver(to: Successor(program: "/nowhere/at/all", arguments: []))
      }
    }
  }

  @Test("a successor that is not ready in time is ended, and the server goes on")
  func timeout() throws {
    let file = Files.temporaryPath()
    defer { Files.remove(file) }
    try withServer { server in
      #expect(throws: HandOverError.timedOut) {
        let script = "trap 'echo ended > \(file); exit' TERM; while :; do sleep 0.01; done"
        try server.handOver(to: successor(script, within: .milliseconds(500)))
      }
      #expect(Files.text(file) == "ended\n")
    }
  }

  @Test("a shutdown ends the wait and the successor, and another hand-over is refused meanwhile and afterwards")
  func shutdown() throws {
    let running = try start([Listener("tcp://127.0.0.1:0", Service(.echo))])
    let server = running.server
    let outcome = Log<HandOverError?>()
    let waiting = Files.temporaryPath()
    defer { Files.remove(waiting) }
    let successor = successor("echo > \(waiting); exec sleep 1000")
    TestThread.detach {
      do throws(HandOverError) {
        try server.handOver(to: successor)
        outcome.add(nil)
      } catch {
        outcome.add(error)
      }
    }
    try require("the successor runs") { Files.exists(waiting) }
    #expect(throws: HandOverError.inProgress) { try server.handOver(to: successor) }
    running.shutdown()
    try running.wait()
    try require("the hand-over has ended") { outcome.count == 1 }
    #expect(outcome.values == [.shutdown])
    #expect(throws: HandOverError.shutdown) { try server.handOver(to: successor) }
  }

  @Test("a hand-over in a callback is a mistake")
  func callback() async {
    await #expect(processExitsWith: .failure) {
      var events = Events.echo
      let server = Lock<Server?>(nil)
      events.onInitComplete = { started in
        server.withLock { $0 = started }
        return .none
      }
      events.tick = {
        _ = try? server.withLock { $0 }?.handOver()
        return (.seconds(1), .none)
      }
      try serve(events, on: "tcp://127.0.0.1:0")
    }
  }

  #if os(Linux)
    @Test("a successor has the standard descriptors and the channel, no others, and no blocked signals")
    func inheritance() throws {
      let file = Files.temporaryPath()
      defer { Files.remove(file) }
      // Without a shell in between, which has descriptors of its own.
      func output(of command: String, _ server: Server) -> String? {
        var successor = successor("exec \(command) > \(file)")
        successor.environment = ProcessEnvironment.current.merging(["LISTEN_FDS": "7", "LISTEN_PID": "1"]) { $1 }
        #expect(throws: HandOverError.successorEnded(0)) { try server.handOver(to: successor) }
        return Files.text(file)
      }
      try withServer { server in
        // Number 4 is the folder that is listed.
        #expect(output(of: "ls /proc/self/fd", server) == "0\n1\n2\n3\n4\n")
        #expect(output(of: "grep SigBlk /proc/self/status", server)?.hasSuffix("\t0000000000000000\n") == true)
        let variables = output(of: "env", server)
        #expect(variables?.contains("GNET_PREDECESSOR=") == true && variables?.contains("LISTEN_") == false)
      }
    }
  #endif

  @Test("errors are told in one line")
  func descriptions() {
    let errors: [HandOverError] = [
      .inProgress, .shutdown, .timedOut, .successorEnded(2), .successorEnded(-11),
      .system(operation: "socketpair", .tooManyOpenFiles),
    ]
    #expect(Set(errors.map(\.description)).count == errors.count)
    #expect("\(HandOverError.successorEnded(-11))" == "the successor was ended by signal 11")
  }
}

@Suite("the channel to a successor") struct ChannelTests {
  @Test("messages carry their fields, and descriptors in any number")
  func messages() throws {
    let ends = try Channel.open()
    let pipe = try FileDescriptor.pipe()
    defer { for end in [pipe.readEnd, pipe.writeEnd] { try? end.close() } }
    let count = 100
    let fields = ["unix:///tmp/x", "\(count)", ""]
    try ends.own.send(fields, Array(repeating: pipe.writeEnd.rawValue, count: count))
    try ends.own.send([Word.end])
    var descriptors: [Int32] = []
    while descriptors.count < count {
      let message = try ends.other.receive()
      #expect(message.fields == fields)
      descriptors += message.descriptors
    }
    defer { for descriptor in descriptors { Kernel.shared.close(descriptor) } }
    _ = try FileDescriptor(rawValue: descriptors[count - 1]).writeAll([7])
    var byte = [UInt8](repeating: 0, count: 1)
    let received = try unsafe byte.withUnsafeMutableBytes { unsafe try pipe.readEnd.read(into: $0) }
    #expect(received == 1 && byte == [7])
    let end = try ends.other.receive()
    #expect(end.fields == [Word.end] && end.descriptors.isEmpty)
  }

  @Test("a file of a unix socket goes along with its listener, and is another process's until that gives it up")
  func file() throws {
    let path = Files.temporaryPath()
    let client = try Client(boundTo: path)
    defer { Files.remove(path) }
    let sent = HandedOverListener("unix://x", descriptorCount: 1, file: UnixSocketFile(path: path, Kernel.shared))
    let received = try #require(HandedOverListener(sent.fields))
    #expect(received.address == "unix://x" && received.descriptorCount == 1)
    let file = try #require(received.file)
    file.removeIfUnchanged()
    #expect(Files.exists(path))
    file.setOwned(true)
    file.removeIfUnchanged()
    #expect(!Files.exists(path))
    client.close()
    #expect(HandedOverListener([Word.end]) == nil)
    #expect(HandedOverListener(["tcp://:1", "2"])?.file == nil)
  }

  @Test("the end of the other process is an error, and a wait for nothing ends in time")
  func end() throws {
    var ends: [Int32] = [-1, -1]
    #expect(unsafe cgnet_open_channel(&ends) == 0)
    let own = Channel(adopting: ends[0])
    var hasCome = own.waitForMessage(within: .milliseconds(1))
    #expect(!hasCome)
    Kernel.shared.close(ends[1])
    hasCome = own.waitForMessage(within: .seconds(20))
    #expect(hasCome)
    var errors: [Errno] = []
    do throws(Errno) { _ = try own.receive() } catch { errors.append(error) }
    do throws(Errno) { try own.send([Word.ready]) } catch { errors.append(error) }
    #expect(errors == [.protocolError, .brokenPipe])
  }

  @Test(
    "a message is not waited for shorter than was asked",
    arguments: [Duration.zero, .nanoseconds(1), .microseconds(1700)])
  func wait(time: Duration) throws {
    var ends: [Int32] = [-1, -1]
    #expect(unsafe cgnet_open_channel(&ends) == 0)
    let own = Channel(adopting: ends[0])
    let start = ContinuousClock.now
    let hasCome = own.waitForMessage(within: time)
    #expect(!hasCome && ContinuousClock.now - start >= time)
    Kernel.shared.close(ends[1])
  }

  @Test("a patience of less than a millisecond comes to an end", arguments: [Duration.zero, .microseconds(500)])
  func patience(time: Duration) throws {
    var ends: [Int32] = [-1, -1]
    #expect(unsafe cgnet_open_channel(&ends) == 0)
    let (fd, errors) = (ends[0], Log<Errno>())
    let receiver = TestThread {
      let own = Channel(adopting: fd)
      do throws(Errno) {
        try own.setPatience(time)
        _ = try own.receive()
      } catch { errors.add(error) }
    }
    let isOver = eventually { errors.count == 1 }
    Kernel.shared.close(ends[1])
    receiver.join()
    #expect(isOver && errors.values == [.resourceTemporarilyUnavailable])
  }
}
