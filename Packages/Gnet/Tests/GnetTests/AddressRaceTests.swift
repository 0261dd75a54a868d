import Testing

@testable import Gnet

@Suite struct AddressRaceTests {
  private func race(_ hosts: [String]) -> [String] {
    var race = AddressRace(
      hosts.map { host in
        let address = SocketAddress(numericHost: host, port: 1)!
        return RawAddress(address, isIPv6: address.family == .ipv6)
      })
    var order: [String] = []
    while let next = race.takeNext() { order.append(next.address.host!) }
    return order
  }

  @Test(
    "the versions of IP take turns, beginning with the preferred one",
    arguments: [
      ([], []), (["10.0.0.1"], ["10.0.0.1"]), (["::1", "::2", "10.0.0.1"], ["::1", "10.0.0.1", "::2"]),
      (["10.0.0.1", "::1", "::2", "10.0.0.2"], ["10.0.0.1", "::1", "10.0.0.2", "::2"]),
    ])
  func order(hosts: [String], expected: [String]) { #expect(race(hosts) == expected) }

  @Test("an address that is put back is the next one")
  func putBack() {
    var race = AddressRace([RawAddress(SocketAddress("127.0.0.1:1")!, isIPv6: false)])
    #expect(!race.isOver)
    #expect(race.takeNext() != nil)
    #expect(race.isOver)
    race.putBack()
    #expect(race.takeNext() != nil)
    #expect(race.takeNext() == nil)
  }
}

@Suite struct SocketAddressTextTests {
  @Test(
    "an address is read as it prints",
    arguments: [
      "127.0.0.1:9000", "[::1]:9000", "[2001:db8::1]:65535", "[fe80::1%lo]:80", "unix:/run/x", "unix:", "unix:@name",
      "0.0.0.0:0",
    ])
  func roundTrip(text: String) { #expect(SocketAddress(text)?.description == text) }

  @Test("a mapped address is one of IPv4")
  func mapped() { #expect(SocketAddress("[::ffff:10.0.0.1]:80")?.description == "10.0.0.1:80") }

  @Test(
    "any other text is no address",
    arguments: [
      "", "127.0.0.1", "localhost:80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[::1]",
      "[127.0.0.1]:80",
      "[::1%nosuchinterface]:80", "[::1:80", "127.0.0.1:8o", "unix:\(String(repeating: "x", count: 200))",
    ])
  func refused(text: String) { #expect(SocketAddress(text) == nil) }
}
