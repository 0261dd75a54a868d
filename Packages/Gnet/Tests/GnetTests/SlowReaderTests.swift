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

extension Options {
  /// Small watermarks and buffers, so that a slow reader is one soon.
  fileprivate static var tight: Options {
    var options = Options()
    options.outboundHighWatermark = 64 << 10
    options.outboundLowWatermark = 16 << 10
    options.readBufferCapacity = 16 << 10
    options.socketSendBuffer = 16 << 10
    options.socketReceiveBuffer = 16 << 10
    return options
  }
}

@Suite struct SlowReaderTests {
  @Test("one slow reader does not disturb the others of its loop")
  func neighbours() throws {
    try withServer(.echo, options: .tight) { server in
      let slow = try Client(server.address())
      nonisolated(unsafe) let sender = slow
      TestThread.detach { try? unsafe sender.send(pattern(2 << 20)) }
      try server.waitUntilReadingStops()
      let quick = try Client(server.address())
      for index in 0..<100 { try quick.expectEcho("message \(index % 10)") }
      slow.shutDown()
    }
  }

  @Test(
    "what had arrived before the peer went away is offered to react, also while reading was paused",
    arguments: StreamTransport.allCases)
  func closedWhilePaused(transport: StreamTransport) throws {
    let received = Log<[UInt8]>()
    let closed = Log<Int32>()
    var events = Events { connection, input in
      let bytes = input.readAll()
      received.add(bytes)
      // More than the peer sends, so that output waits from the first byte on.
      connection.write([UInt8](repeating: 0, count: 300 << 10))
      return .none
    }
    events.logEnds(closed)
    try withServer(events, options: .tight, on: [transport.address()]) { server in
      let client = try Client(server.address())
      let bytes = pattern(8000)
      try client.send(Array(bytes[..<10]))
      try server.waitUntilReadingStops()
      try client.send(Array(bytes[10...]))
      try require("the rest has arrived") { transport == .unix || client.unsentCount == 0 }
      #expect(received.values.flatMap { $0 } == Array(bytes[..<10]))
      client.close()
      try require("it is closed") { closed.count == 1 }
      #expect(received.values.flatMap { $0 } == bytes)
      #expect([Errno.connectionReset.rawValue, Errno.brokenPipe.rawValue].contains(closed.values[0]))
    }
  }

  @Test(
    "what had arrived before the peer ended its stream is answered, also while reading was paused",
    arguments: StreamTransport.allCases, [false, true])
  func halfClosedWhilePaused(transport: StreamTransport, allowHalfClosure: Bool) throws {
    var options = Options.tight
    options.allowHalfClosure = allowHalfClosure
    var events = Events { connection, input in
      connection.write(moving: &input)
      return connection.isInputEnded ? .close : .none
    }
    let closed = Log<Int32>()
    events.logEnds(closed)
    try withServer(events, options: options, on: [transport.address()]) { server in
      let client = try Client(server.address())
      let bytes = pattern(1 << 20)
      nonisolated(unsafe) let sender = client
      let sent = Counter()
      TestThread.detach {
        try? unsafe sender.send(bytes)
        unsafe sender.endOutput()
        sent.add()
      }
      try server.waitUntilReadingStops()
      #expect(try client.receiveToEnd() == bytes)
      try require("it is closed") { closed.count == 1 && sent.value == 1 }
      #expect(closed.values == [0])
    }
  }
}
