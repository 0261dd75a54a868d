internal import CGnet

/// The addresses of a host in the order in which to try them.
///
/// The order is the system's, with the two versions of IP taking turns. The next address is tried when one has failed, or
/// has been silent for ``delay``.
///
/// Source: RFC 8305, "Happy Eyeballs Version 2", sections 4 and 5.
struct AddressRace {
  /// The time that an address has before the next one is tried too.
  static var delay: Duration { .milliseconds(250) }

  /// An address in the two forms in which an attempt needs it.
  struct Entry {
    let address: SocketAddress
    let raw: RawAddress
  }

  private let addresses: [Entry]
  private var nextIndex = 0

  /// - Parameter addresses: the addresses in the order of preference. Corresponds to the result of `getaddrinfo(3)`.
  init(_ addresses: [RawAddress]) {
    guard let preferred = addresses.first?.family else {
      self.addresses = []
      return
    }
    let first = addresses.filter { $0.family == preferred }
    let second = addresses.filter { $0.family != preferred }
    var turns: [RawAddress] = []
    for index in 0..<max(first.count, second.count) {
      if index < first.count { turns.append(first[index]) }
      if index < second.count { turns.append(second[index]) }
    }
    assert(turns.count == addresses.count, "an address is not tried, or twice")
    self.addresses = turns.map { Entry(address: SocketAddress($0.storage, length: $0.length), raw: $0) }
  }

  /// Whether every address has been tried.
  var isOver: Bool { nextIndex == addresses.count }

  /// Takes the next address; `nil` when every address has been tried.
  mutating func takeNext() -> Entry? {
    guard !isOver else { return nil }
    nextIndex += 1
    assert(nextIndex <= addresses.count)
    return addresses[nextIndex - 1]
  }

  /// Puts the address that was taken last back in its place: it is to be tried again.
  mutating func putBack() {
    assert(nextIndex > 0)
    nextIndex -= 1
  }
}
