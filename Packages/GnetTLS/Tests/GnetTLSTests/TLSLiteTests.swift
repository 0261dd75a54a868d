import Gnet
import TestPeers
import TestSupport
import Testing

@testable import GnetTLS

@Suite(
  "tlslite-ng as a hostile client", .serialized,
  .enabled(if: TLSLite.python != nil, "tlslite-ng cannot be had from Python's package index"))
struct TLSLiteTests {
  /// The ends of the connections of a server.
  private final class Outcomes: Sendable {
    /// The reason of the end of each connection that was open; `nil` for an end in order.
    let ends = Log<TLSError.Code?>()

    /// Sends all input back, and notes the ends.
    var service: Service {
      var events = Events()
      events.react = { connection, input in
        connection.write(moving: &input)
        return .none
      }
      events.onClosed = { [ends] _, error in
        ends.add((error as? TLSError)?.code)
        return .none
      }
      return Service(events)
    }
  }

  /// A server whose clients may take their time: both sides are slow where code is sanitized.
  private func patientServer() throws -> TLSServer { try .test { $0.handshakeTimeout = .seconds(60) } }

  /// Has an echo server meet a script, and checks that all its hostile conversations ended with a code, once they were open.
  ///
  /// - Parameter others: the number of conversations that end in order, besides those of the next clients.
  private func meet(_ version: String, _ script: String, ending code: TLSError.Code, others: Int = 0) throws {
    let (server, outcomes) = (try patientServer(), Outcomes())
    try withServer(server, outcomes.service) { _, port in
      let count = try TLSLite.run(script, port, version)
      #expect(count > 0)
      try require("all connections have ended") { outcomes.ends.count == 2 * count }
    }
    let reasons = outcomes.ends.values
    #expect(reasons.count { $0 == nil } == reasons.count / 2 + others, "\(reasons)")
    #expect(reasons.count { $0 == code } == reasons.count / 2 - others, "\(reasons)")
    #expect(server.statistics.failures == 0)
  }

  /// Has an echo server meet a script, and returns the failures of handshakes.
  private func failures(_ version: String, _ script: String) throws -> [TLSHandshakeFailure: UInt64] {
    let (server, outcomes) = (try patientServer(), Outcomes())
    try withServer(server, outcomes.service) { _, port in
      let count = try TLSLite.run(script, port, version)
      #expect(count > 0)
      try require("all failures are counted") { server.statistics.failures == count }
      #expect(server.statistics.handshakes == count)
    }
    #expect(outcomes.ends.values.allSatisfy { $0 == nil })
    return server.statistics.failuresByReason
  }

  @Test("records that are forged, too long, empty or of a strange kind end the connection", arguments: ["1.2", "1.3"])
  func records(version: String) throws {
    try meet(
      version,
      #"""
      def forged():
          connection = opened()
          connection.sock.socket.changes = [flipped]
          return echo(connection)
      def headed(length):
          connection = opened()
          connection.sock.socket.plain.sendall(bytes([DATA, 3, 3]) + length.to_bytes(2, "big") + b"beginning")
          return answer(connection)
      # More than any compression or encryption may add.
      longest = 16384 + (256 if version == (3, 4) else 2048)
      check(
          ("a wrong MAC", "bad_record_mac", forged),
          ("a byte too much", "record_overflow", lambda: after(bytes(16385), kind=DATA)),
          ("a length beyond the limit", "record_overflow", lambda: headed(longest + 1)),
          ("the greatest length", "record_overflow", lambda: headed(65535)),
          ("too many empty records", "unexpected_message", lambda: after(*[b""] * 33, kind=DATA)),
          ("an empty alert", "unexpected_message", lambda: after(b"", kind=ALERT)),
          ("half an alert", "unexpected_message", lambda: after(b"\2", kind=ALERT)),
          ("a change of ciphers", "unexpected_message", lambda: after(b"\1", kind=CCS)),
          ("a heartbeat", "unexpected_message", lambda: after(b"\1\0\0", kind=HEARTBEAT)),
          ("a kind that is not there", "unexpected_message", lambda: after(b"x", kind=99)))
      """#, ending: .invalidRecord)
  }

  @Test("some empty records, and records of the greatest length, are taken", arguments: ["1.2", "1.3"])
  func unusualRecords(version: String) throws {
    let server = try patientServer()
    try withServer(server) { _, port in
      _ = try TLSLite.run(
        """
        def greatest():
            connection = connect()
            put(connection, DATA, b"hello" * 3276 + b"hell")
            received = b""
            while len(received) < 16384: received += connection.read()
            assert received == b"hello" * 3276 + b"hell"
            return "taken"
        check(
            ("empty records", "echo", lambda: after(*[b""] * 32, kind=DATA, then=echo)),
            ("the greatest length", "taken", greatest))
        """, port, version)
    }
    #expect(server.statistics.failures == 0)
  }

  @Test("messages that are not expected in a handshake end it, and are counted", arguments: ["1.2", "1.3"])
  func handshakeMessages(version: String) throws {
    let failures = try failures(
      version,
      #"""
      def hello(change):
          """The first flight, with a change of its message."""
          return lambda flight: record(HANDSHAKE, change(flight[5:]))
      first = [(f"message {kind} first", "unexpected_message", lambda kind=kind: connect(instead(record(HANDSHAKE, message(kind)))))
          for kind in (0, 2, 4, 8, 11, 14, 15, 16, 20, 24, 67, 99)]
      early = [(f"a record of kind {kind} first", "unexpected_message", lambda kind=kind: connect(before(record(kind, b"\1\0"))))
          for kind in (CCS, ALERT, DATA, HEARTBEAT, 99)]
      later = [(f"message {kind} instead of the second flight", "unexpected_message",
          lambda kind=kind: answer(connect(same, instead(record(HANDSHAKE, message(kind)))))) for kind in (0, 1, 2, 11, 20, 99)]
      check(
          *first, *early, *later,
          ("two hellos", "unexpected_message", lambda: answer(connect(lambda flight: flight * 2))),
          ("a hello without contents", "decode_error", lambda: connect(instead(record(HANDSHAKE, message(1, b""))))),
          ("a hello that is short", "decode_error", lambda: connect(hello(lambda it: message(1, it[4:-3])))),
          ("a hello with something behind it", "decode_error", lambda: connect(hello(lambda it: message(1, it[4:] + bytes(3))))),
          ("a hello of 16 MiB", "illegal_parameter", lambda: connect(instead(record(HANDSHAKE, b"\1\xff\xff\xff")))),
          ("a record that is too long", "record_overflow", lambda: connect(instead(bytes([HANDSHAKE, 3, 1, 0xff, 0xff])))),
          ("a second flight that is forged", "bad_record_mac", lambda: answer(connect(same, flipped))),
          ("a second flight of data", "bad_record_mac" if version == (3, 4) else "unexpected_message",
              lambda: answer(connect(same, instead(record(DATA, bytes(40)))))),
          ("a change of ciphers that is none", "illegal_parameter" if version == (3, 4) else "unexpected_message",
              lambda: answer(connect(same, before(record(CCS, b"\2"))))))
      """#)
    #expect(failures.keys.allSatisfy { $0 == .other }, "\(failures)")
  }

  @Test(
    "a hello in many records is understood, and one that is cut anywhere is a client that has left",
    arguments: ["1.2", "1.3"])
  func helloInParts(version: String) throws {
    let (server, outcomes) = (try patientServer(), Outcomes())
    try withServer(server, outcomes.service) { _, port in
      let pieces = try TLSLite.run(
        #"""
        def pieces(size):
            def change(flight):
                return b"".join(record(HANDSHAKE, flight[5:][i:i + size], flight[1:3]) for i in range(0, len(flight) - 5, size))
            return change
        check(*[(f"pieces of {size}", "echo", lambda size=size: echo(connect(pieces(size)))) for size in (1, 2, 3, 4, 5, 37, 100)])
        """#, port, version)
      #expect(server.statistics.failures == 0 && server.statistics.handshakes == 2 * pieces)
      let cuts = try TLSLite.run(
        #"""
        def cut(count):
            flights = []
            class Stopped(Exception): pass
            def stop(flight):
                flights.append(flight)
                raise Stopped
            try: connect(stop)
            except Stopped: pass
            with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
                client.sendall(flights[0][:count])
                client.shutdown(socket.SHUT_WR)
                return client.recv(100)
        check(*[(f"cut at {count}", b"", lambda count=count: cut(count)) for count in (1, 3, 5, 6, 9, 10, 43, 44, 76, -20, -1)])
        """#, port, version)
      // Connections without a byte, such as those whose hello the script has kept, are no failures.
      try require("all are counted") { server.statistics.failures == cuts }
      #expect(server.statistics.failuresByReason == [.peerClosed: UInt64(cuts)])
    }
  }

  @Test("messages of the handshake that come behind it end the connection", arguments: ["1.2", "1.3"])
  func lateMessages(version: String) throws {
    try meet(
      version,
      #"""
      check(
          *[(f"message {kind}", "unexpected_message", lambda kind=kind: after(message(kind)))
              for kind in (0, 2, 4, 11, 13, 14, 16, 20, 99)],
          ("a key update between versions" if version == (3, 4) else "a key update of TLS 1.2",
              "illegal_parameter" if version == (3, 4) else "unexpected_message", lambda: after(message(24, b"\2"))),
          ("two key updates in a record", "unexpected_message", lambda: after(message(24, b"\0") * 2)))
      """#, ending: .invalidRecord)
  }

  @Test("a renegotiation is refused, and the connection goes on without it")
  func renegotiation() throws {
    let (server, outcomes) = (try patientServer(), Outcomes())
    try withServer(server, outcomes.service) { _, port in
      _ = try TLSLite.run(
        #"""
        hello = message(1, b"\3\3" + bytes(32) + b"\0" + b"\0\2\xc0\x2f" + b"\1\0")
        def refused():
            connection = connect()
            for _ in range(3):
                put(connection, HANDSHAKE, hello)
                assert take(connection) == (ALERT, bytes([1, AlertDescription.no_renegotiation]))
                put(connection, DATA, b"hello")
                assert take(connection) == (DATA, b"hello")
            return leave(connection, "refused")
        check(("a renegotiation", "refused", refused))
        """#, port, "1.2")
      try require("both connections have ended") { outcomes.ends.count == 2 }
    }
    #expect(outcomes.ends.values == [nil, nil])
    #expect(server.statistics.handshakes == 2 && server.statistics.failures == 0)
  }

  @Test(
    "a flood of renegotiations or of key updates, whose answers nobody reads, waits for the client",
    arguments: ["1.2", "1.3"])
  func floods(version: String) throws {
    let (server, outcomes) = (try patientServer(), Outcomes())
    var options = Options()
    options.loopCount = 1
    options.outboundHighWatermark = 4096
    options.socketSendBuffer = 4096
    options.socketReceiveBuffer = 4096
    try withServer(server, outcomes.service, options: options) { running, port in
      _ = try TLSLite.run(
        #"""
        hello = message(1, b"\3\3" + bytes(32) + b"\0" + b"\0\2\xc0\x2f" + b"\1\0")
        def ask(connection):
            if version == (3, 4): return connection.send_keyupdate_request(1)
            return connection._recordLayer.sendRecord(Message(HANDSHAKE, bytearray(hello)))
        def flood():
            connection = connect()
            connection.sock.socket.plain.settimeout(0.5)
            for _ in range(100):
                # Many at once.
                connection.sock.buffer_writes = True
                for _ in range(200):
                    for _ in ask(connection): pass
                try: connection.sock.flush()
                except TimeoutError: return "waits"
            return "taken"
        check(("a flood", "waits", flood))
        """#, port, version)
      try require("both connections have ended") { outcomes.ends.count == 2 }
      #expect(running.loops[0].statistics.pendingOutputBytes == 0)
    }
  }

  @Test("a client that asks for key updates again and again is served")
  func keyUpdates() throws {
    let (server, outcomes) = (try patientServer(), Outcomes())
    try withServer(server, outcomes.service) { _, port in
      _ = try TLSLite.run(
        #"""
        def updates(count, kind):
            connection = connect()
            for _ in range(count):
                for _ in connection.send_keyupdate_request(kind): pass
            return leave(connection, echo(connection))
        check(*[(f"{count} of kind {kind}", "echo", lambda count=count, kind=kind: updates(count, kind))
            for count in (1, 100) for kind in (0, 1)])
        """#, port, "1.3")
      try require("all connections have ended") { outcomes.ends.count == 8 }
    }
    #expect(outcomes.ends.values.allSatisfy { $0 == nil })
    #expect(server.statistics.failures == 0)
  }

  @Test("alerts of every kind end the connection of a client that sends them", arguments: ["1.2", "1.3"])
  func alerts(version: String) throws {
    try meet(
      version,
      #"""
      kinds = [10, 20, 21, 22, 30, *range(40, 52), 60, 70, 71, 80, 86, 100, *range(109, 117), 120, 200]
      # In TLS 1.3, the level means nothing.
      level = 1 if version == (3, 4) else 2
      check(*[(f"alert {kind}", "cut", lambda kind=kind: after([level, kind], kind=ALERT)) for kind in kinds])
      """#, ending: .alertReceived)
  }

  @Test(
    "warnings are passed over, but not for ever; close_notify is an end in order", arguments: ["1.2", "1.3"])
  func warnings(version: String) throws {
    try meet(
      version,
      #"""
      warning = [1, 90]
      check(
          ("four warnings", "echo", lambda: after(*[warning] * 4, kind=ALERT, then=lambda it: leave(it, echo(it)))),
          ("five warnings", "unexpected_message", lambda: after(*[warning] * 5, kind=ALERT)),
          ("close_notify", "end", lambda: after([1, 0], kind=ALERT)))
      """#, ending: .invalidRecord, others: 2)
  }

  @Test("alerts of every kind in the handshake are counted by their reason", arguments: ["1.2", "1.3"])
  func alertsInHandshake(version: String) throws {
    let failures = try failures(
      version,
      #"""
      kinds = [10, 20, 21, 22, 30, *range(40, 52), 60, 70, 71, 80, 86, *range(109, 117), 120, 200]
      check(*[(f"alert {kind}", "cut", lambda kind=kind: answer(connect(same, before(record(ALERT, [2, kind]))))) for kind in kinds])
      """#)
    #expect(
      failures == [.certificate: 7, .noSharedCipher: 2, .protocolVersion: 1, .applicationProtocol: 1, .other: 21],
      "\(failures)")
  }

  @Test("a stream that ends without close_notify is cut, and not ended", arguments: ["1.2", "1.3"])
  func truncation(version: String) throws {
    try meet(
      version,
      #"""
      def left(count):
          connection = opened()
          if count > 0: connection.write(b"x" * count)
          connection.sock.socket.plain.shutdown(socket.SHUT_WR)
          received = b""
          while len(received) < count: received += connection.read()
          return answer(connection)
      def cut_record():
          connection = opened()
          connection.sock.socket.changes = [lambda flight: flight[:-1]]
          connection.write(b"hello")
          connection.sock.socket.plain.shutdown(socket.SHUT_WR)
          return answer(connection)
      check(*[(f"after {count} bytes", "cut", lambda count=count: left(count)) for count in (0, 1, 20000)],
          ("in a record", "cut", cut_record))
      """#, ending: .truncated)
  }
}
