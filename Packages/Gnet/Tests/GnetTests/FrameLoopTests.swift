import GnetCodecs
import RingBuffer
import SystemPackage
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite("a handler that answers each frame of its input") struct FrameLoopTests {
  private static let codec = LineCodec(maximumFrameLength: 100)

  /// Answers each line by `answer`, and a bad one by its error.
  private static func answering(
    _ answer: @escaping @Sendable (inout Connection, Span<UInt8>) -> Action
  ) -> Events {
    Events { connection, input in
      do {
        return try connection.forEachFrame(of: codec, in: &input, answer)
      } catch {
        connection.write("\(error)")
        return .close
      }
    }
  }

  /// Answers each line by itself.
  private static let echo = answering { connection, line in
    connection.write(line)
    connection.write("\n")
    return .none
  }

  @Test("answers whole frames, however the stream is cut, and leaves the rest", arguments: StreamTransport.allCases)
  func pieces(transport: StreamTransport) throws {
    try withServer(Self.echo, on: [transport.address()]) { server in
      let client = try Client(server.address())
      for byte in "one\ntwo\r\n\n".utf8 { try client.send([byte]) }
      #expect(try client.receiveText(9) == "one\ntwo\n\n")
      try client.expectAnswer("three\nfour\n", to: "three\nfour\nfi")
      try client.expectAnswer("five\n", to: "ve\n")
    }
  }

  @Test("answers the frames before a bad one, hears of its error, and may answer it")
  func badFrame() throws {
    try withServer(Self.echo) { server in
      let client = try Client(server.address())
      try client.send("one\n" + String(repeating: "x", count: 101) + "\ntwo\n")
      #expect(try client.receiveToEnd() == Array("one\n\(FrameError.frameTooLong(limit: 100))".utf8))
    }
  }

  @Test("hears of an error that its body throws, and the frame stays")
  func throwingBody() throws {
    let left = Log<String>()
    let events = Events { connection, input in
      do {
        return try connection.forEachFrame(of: Self.codec, in: &input) { _, line throws(FrameError) in
          if line.isEmpty { throw .invalidPayload }
          return .none
        }
      } catch {
        left.add("\(error) \(input.readText())")
        return .close
      }
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("one\n\ntwo\n")
      #expect(try client.receiveToEnd() == [])
    }
    #expect(left.values == ["invalidPayload \ntwo\n"])
  }

  enum Stop: String, CaseIterable {
    case closeByAction, close, abort, become, shutdown, detach
  }

  @Test("sees no frame behind one with which it ends the connection or hands it over", arguments: Stop.allCases)
  func stops(stop: Stop) throws {
    let (seen, rest) = (Counter(), Log<String>())
    let successor = Events { _, input in rest.note(input.readText(), then: .close) }
    let service = Service(successor)
    var events = Self.answering { connection, _ in
      seen.add()
      switch stop {
      case .closeByAction: return .close
      case .close: connection.close()
      case .abort: connection.abort()
      case .become: connection.become(service)
      case .shutdown: return .shutdown
      case .detach: return .detach
      }
      return .none
    }
    events.onDetached = { _, detached in rest.note(String(decoding: detached.unreadBytes, as: UTF8.self)) }
    let server = try TestServer(events)
    let client = try Client(server.address())
    try client.send("one\ntwo\nthree")
    _ = try? client.receiveToEnd()
    try server.stop()
    #expect(seen.value == 1)
    #expect(rest.values == (stop == .become || stop == .detach ? ["two\nthree"] : []))
  }

  @Test("sees no frame while it has paused reading, and the rest when it is woken")
  func pauses() throws {
    let (seen, handles) = (Log<String>(), Log<ConnectionHandle>())
    let events = Events { connection, input in
      connection.isReadingPaused = false
      let action = try? connection.forEachFrame(of: Self.codec, in: &input) { connection, line in
        seen.add(unsafe line.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) })
        connection.isReadingPaused = true
        handles.add(connection.handle)
        return .none
      }
      return action ?? .close
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      try client.send("one\ntwo\nthree\n")
      for count in 1...3 {
        try require("a frame is seen") { handles.count == count }
        #expect(seen.count == count)
        handles.values[0].wake()
      }
      #expect(seen.values == ["one", "two", "three"])
    }
  }
}
