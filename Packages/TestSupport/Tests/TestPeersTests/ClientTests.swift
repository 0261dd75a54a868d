import SystemPackage
import TestPeers
import TestSupport
import Testing

@Suite("a client") struct ClientTests {
  @Test("nobody answers on a path where nothing is, or where nobody listens")
  func refusal() throws {
    #expect(throws: Errno.noSuchFileOrDirectory) { _ = try Client(path: Files.temporaryPath()) }
    let path = Files.temporaryPath()
    try Client(boundTo: path).close()
    #expect(throws: Errno.connectionRefused) { _ = try Client(path: path) }
    Files.remove(path)
    #expect(throws: Errno.invalidArgument) { _ = try Client(SocketName(host: "no.number", port: 1)) }
  }

  @Test("datagrams go from one client to another, each whole", arguments: ["127.0.0.1", "::1"])
  func datagrams(host: String) throws {
    let receiver = try Client(unconnectedTo: SocketName(host: host, port: 0), datagrams: true)
    // A port of its own, or that of another test: the next one then.
    let port = try #require(
      (20_000..<21_000).first { (try? receiver.bind(to: SocketName(host: host, port: $0))) != nil })
    let sender = try Client(SocketName(host: host, port: port), datagrams: true)
    try sender.send("")
    try sender.send("line\n")
    #expect(try receiver.receive() == [])
    #expect(try receiver.receiveLine() == "line")
    #expect(!receiver.isReadable(within: .zero) && sender.isWritable(within: .zero))
  }

  @Test("a client that has closed does nothing more")
  func closing() throws {
    let client = try Client(unconnectedTo: SocketName(port: 1))
    try client.move(to: 500)
    #expect(client.fd >= 500)
    client.close()
    client.close()
    #expect(client.fd == -1)
    #expect(throws: Errno.badFileDescriptor) { try client.send("x") }
  }
}
