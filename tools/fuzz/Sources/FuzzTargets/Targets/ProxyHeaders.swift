import RingBuffer

@testable import Gnet

extension FuzzTarget {
  static func proxyHeader(_ choices: inout Choices) {
    let input = choices.rest
    let whole = parse(input)
    // The outcome is known at some byte, and bytes behind that change nothing.
    var known: ProxyHeader.Parse?
    for count in 0...input.count {
      let outcome = parse(input.prefix(count))
      if let known { expectEqual(outcome, known, "more bytes change the outcome at \(count)") }
      if outcome != .incomplete { known = outcome }
    }
    expectEqual(known ?? .incomplete, whole, "the outcome of the prefixes is another")
    if case .header(let header, let count) = whole {
      header?.expectRoundTrips()
      header?.expectCanonical(input.prefix(count))
      let left = outcome(of: input, cutBy: UInt8(count & 0xff)) { leftByFilter($0) }
      expectEqual(left, Filtered(header: header, rest: Array(input.dropFirst(count))), "the filter differs")
    }
  }

  private static func parse(_ bytes: some Collection<UInt8>) -> ProxyHeader.Parse {
    var ring = RingBuffer()
    ring.write(bytes)
    return ProxyHeader.parse(ring)
  }

  private struct Filtered: Equatable {
    var header: ProxyHeader?
    var rest: [UInt8]
  }

  /// The header that the filter finds, and the bytes that go past it.
  private static func leftByFilter(_ arrival: Arrival) -> Filtered {
    let filter = ProxyProtocolFilter(isRequired: true, isTrusted: true)
    var input = RingBuffer()
    var reply = RingBuffer()
    var isDone = false
    let rest = arrival.feed { network in
      if isDone { return true }
      do {
        isDone = try filter.receive(&network, &input, reply: &reply) != .establishing
      } catch {
        fatalError("the filter refuses a header: \(error)")
      }
      return true
    }
    expect(isDone && input.isEmpty && reply.isEmpty, "the filter does not pass the header's stream through")
    return Filtered(header: filter.header, rest: rest)
  }
}

extension ProxyHeader {
  /// The header, encoded, is parsed to the same header.
  fileprivate func expectRoundTrips() {
    // A checksum is that of the bytes it came in. A path that was no UTF-8 may have become too long.
    let isExact = values.allSatisfy { $0.type != Value.checksumType } && [source, destination].allSatisfy(\.fits)
    if isExact { expectParsed(encoded(.v2), as: self) }
    let isUnix = source.family == .unix || destination.family == .unix
    expectParsed(encoded(.v1), as: isUnix ? nil : ProxyHeader(source: source, destination: destination))
  }

  /// A header with addresses of a version of IP is encoded to the bytes that it was parsed of, unless they can be another form.
  fileprivate func expectCanonical(_ bytes: ArraySlice<UInt8>) {
    let families = Set([source.family, destination.family])
    if bytes.starts(with: Array("PROXY TCP4".utf8)) {
      expectEqual(encoded(.v1), Array(bytes), "the line is another when encoded")
    } else if bytes.starts(with: Self.signature), families == [bytes[13] == 0x11 ? .ipv4 : .ipv6] {
      expectEqual(encoded(.v2), Array(bytes), "the bytes are others when encoded")
    }
  }

  private func expectParsed(_ bytes: [UInt8], as header: ProxyHeader?) {
    var ring = RingBuffer()
    ring.write(bytes)
    expectEqual(ProxyHeader.parse(ring), .header(header, byteCount: bytes.count), "the header is another when encoded")
  }
}

extension SocketAddress {
  fileprivate var fits: Bool { (path?.utf8.count ?? 0) <= 108 }
}
