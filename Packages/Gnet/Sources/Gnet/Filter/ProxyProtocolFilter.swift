internal import RingBuffer

/// A filter that takes the header of the PROXY protocol, and lets everything behind it go past.
final class ProxyProtocolFilter: ConnectionFilter {
  /// The reason why a connection is closed.
  enum Failure: Error, Hashable, CustomStringConvertible {
    case missing
    case untrusted
    case invalid(String)

    var description: String {
      switch self {
      case .missing: "there is no header of the PROXY protocol"
      case .untrusted: "headers of the PROXY protocol from this source are not trusted"
      case .invalid(let fault): "a header of the PROXY protocol with \(fault)"
      }
    }
  }

  private let isRequired: Bool
  private let isTrusted: Bool
  /// The header, if it tells addresses.
  private(set) var header: ProxyHeader?

  init(isRequired: Bool, isTrusted: Bool) {
    self.isRequired = isRequired
    self.isTrusted = isTrusted
  }

  func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) throws -> FilterState {
    assert(header == nil, "bytes come through a filter that is done")
    guard isTrusted else {
      if isRequired { throw Failure.untrusted }
      return .passThrough
    }
    switch ProxyHeader.parse(network) {
    case .incomplete: return .establishing
    case .absent:
      if isRequired { throw Failure.missing }
      return .passThrough
    case .invalid(let fault): throw Failure.invalid(fault)
    case .header(let header, let byteCount):
      assert(1...network.count ~= byteCount)
      network.discard(byteCount)
      self.header = header
      return .passThrough(peer: header?.source)
    }
  }

  func send(_ output: inout RingBuffer, _ network: inout RingBuffer) { network.append(moving: &output) }
}
