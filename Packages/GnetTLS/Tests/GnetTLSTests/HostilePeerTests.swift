import CTestCertificates
import TestSupport
import Testing

@testable import GnetTLS

@Suite("Hostile peers")
struct HostilePeerTests {
  /// The error of a server that has got some bytes at once.
  static func failure(_ bytes: [UInt8]) throws -> TLSError? {
    let end = try End(TLSServer.test().makeFilter())
    do {
      try end.receive(bytes)
      return nil
    } catch {
      return error as? TLSError
    }
  }

  @Test("plain HTTP fails with its reason")
  func http() throws {
    let error = try Self.failure(Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
    #expect(error?.description == "the TLS handshake failed: http request")
    #expect(error?.code == .handshakeFailed)
  }

  @Test("garbage fails, and no more than an alert is answered", arguments: 0..<32 as Range<UInt64>)
  func garbage(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let server = try TLSServer.test()
    let end = try End(server.makeFilter())
    var failure: (any Error)?
    for _ in 0..<100 where failure == nil {
      let bytes = (0..<Int.random(in: 1...2000, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      do { try end.receive(bytes) } catch { failure = error }
    }
    #expect(failure is TLSError)
    #expect(end.takeSent().count <= 7)
    #expect(end.takeInput().isEmpty)
  }

  @Test("a hello that is changed at any byte is refused or answered, and never crashes")
  func changedHello() throws {
    let server = try TLSServer.test()
    let hello = try Pair(TLSClient.test(), server).client.takeSent()
    for index in hello.indices {
      var changed = hello
      changed[index] ^= [1, 0x80, 0xff][index % 3]
      let end = try End(server.makeFilter())
      do {
        try end.receive(changed)
        check(!end.isEstablished, "established by byte \(index)")
      } catch {
        check((error as? TLSError)?.code == .handshakeFailed, "\(error) by byte \(index)")
      }
    }
  }

  @Test("a server's flight that is changed at any byte is never taken", arguments: [TLSVersion.v12, .v13])
  func changedFlight(version: TLSVersion) throws {
    let server = try TLSServer.test()
    let length = try Self.flight(version, server).bytes.count
    for index in stride(from: 0, to: length, by: 7) {
      var (pair, bytes) = try Self.flight(version, server)
      guard index < bytes.count else { continue }
      bytes[index] ^= 0x40
      do {
        try pair.client.receive(bytes)
        check(!pair.client.isEstablished, "established in spite of byte \(index)")
      } catch {
        check(error is TLSError, "\(error)")
      }
    }
  }

  private static func flight(_ version: TLSVersion, _ server: TLSServer) throws -> (pair: Pair, bytes: [UInt8]) {
    let pair = try Pair(TLSClient.test { $0.maximumVersion = version }, server)
    try pair.server.receive(pair.client.takeSent())
    return (pair, pair.server.takeSent())
  }

  @Test("a record that is changed at any byte ends the connection with an alert", arguments: [TLSVersion.v12, .v13])
  func changedRecord(version: TLSVersion) throws {
    let (client, server) = try (TLSClient.test { $0.maximumVersion = version }, TLSServer.test())
    for index in 0..<40 {
      let pair = try Pair(client, server)
      try pair.exchange()
      try pair.client.send(pattern(50))
      var record = pair.client.takeSent()
      record[index] ^= 1
      // A record that has become longer waits for more.
      let isLonger = index == 4 || index == 3
      if isLonger { record += pattern(600) }
      let error = #expect(throws: TLSError.self) { try pair.server.receive(record) }
      check(error?.code == .invalidRecord, "byte \(index)")
      #expect(pair.server.takeInput().isEmpty)
      let alert = pair.server.takeSent()
      check(!alert.isEmpty, "no alert for byte \(index)")
      let told = #expect(throws: TLSError.self) { try pair.client.receive(alert) }
      check(told?.code == .alertReceived, "byte \(index)")
    }
  }

  @Test("half a hello waits, and keeps little memory")
  func halfHello() throws {
    let server = try TLSServer.test()
    let hello = try Pair(TLSClient.test(), server).client.takeSent()
    let end = try End(server.makeFilter())
    try end.receive(Array(hello.prefix(hello.count / 2)))
    #expect(!end.isEstablished && end.takeSent().isEmpty)
    try end.receive(Array(hello.dropFirst(hello.count / 2)))
    #expect(!end.takeSent().isEmpty)
  }

  @Test("an error of one connection is not seen by another, nor are errors of others on the thread")
  func errorQueue() throws {
    let healthy = try StreamTests.established()
    _ = try Self.failure(Array("GET / HTTP/1.1\r\n\r\n".utf8))
    #expect(ctest_queued_error_count() == 0)
    ctest_queue_error()
    try healthy.client.send([1])
    try healthy.exchange()
    #expect(healthy.server.takeInput() == [1])
    ctest_queue_error()
    #expect(throws: TLSError.self) { try TLSIdentity(pem: "nothing", privateKey: "nothing") }
    #expect(ctest_queued_error_count() == 0)
  }
}
