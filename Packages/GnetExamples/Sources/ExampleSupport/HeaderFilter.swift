public import Gnet

/// Has the filters that `make` makes send a header ahead of all their bytes.
public func sending(_ header: [UInt8], before make: @escaping ConnectionFilter.Factory) -> ConnectionFilter.Factory {
  { context in HeaderFilter(header, before: try make(context)) }
}

/// Sends a header ahead of all that another filter sends.
private final class HeaderFilter: ConnectionFilter {
  private let header: [UInt8]
  private let filter: any ConnectionFilter

  init(_ header: [UInt8], before filter: any ConnectionFilter) {
    self.header = header
    self.filter = filter
  }

  var handshakeTimeout: Duration? { filter.handshakeTimeout }

  func start(_ network: inout RingBuffer) throws {
    network.write(header)
    try filter.start(&network)
  }

  func receive(_ network: inout RingBuffer, _ input: inout RingBuffer, reply: inout RingBuffer) throws -> FilterState {
    try filter.receive(&network, &input, reply: &reply)
  }

  func send(_ output: inout RingBuffer, _ network: inout RingBuffer) throws { try filter.send(&output, &network) }

  func networkEnded() throws { try filter.networkEnded() }

  func finish(_ network: inout RingBuffer) { filter.finish(&network) }
}
