/// The origin of a listener's sockets.
enum ListenerSource {
  /// An address that the server binds.
  case address(Address)
  /// Sockets that the process was given.
  case inherited(InheritedSockets)

  /// Finds out where the sockets of a listener come from.
  ///
  /// - Parameters:
  ///   - others: the sources of the listeners before this one, whose sockets are theirs.
  ///   - handedOver: the sockets that a predecessor has handed over.
  init(_ listener: Listener, after others: [ListenerSource], _ handedOver: HandedOverSockets?) throws(ServeError) {
    let text = listener.address
    let used = others.compactMap { if case .inherited(let sockets) = $0 { sockets } else { nil } }
    if let sockets = handedOver?.sockets(for: text, except: used) {
      self = .inherited(sockets)
    } else if let sockets = try InheritedSockets(text) {
      if used.contains(where: { !Set($0.descriptors).isDisjoint(with: sockets.descriptors) }) {
        throw .invalidAddress(text, reason: "the descriptor is given twice")
      }
      self = .inherited(sockets)
    } else {
      self = .address(try Address(text))
    }
  }

  /// Whether the sockets are of datagrams.
  func isDatagram(_ system: some SystemCalls) throws(ServeError) -> Bool {
    switch self {
    case .address(let address): address.scheme.isDatagram
    case .inherited(let sockets): try sockets.areDatagrams(system)
    }
  }

  /// Makes the sockets ready to be served: lists of sockets that the loops share, as
  /// ``Address/bind(index:loopCount:backlog:options:on:)`` returns them.
  func bind(
    index: Int, loopCount: Int, backlog: Int, options: Options, on system: some SystemCalls
  ) throws(ServeError) -> [[BoundSocket]] {
    switch self {
    case .address(let address):
      try address.bind(index: index, loopCount: loopCount, backlog: backlog, options: options, on: system)
    case .inherited(let sockets):
      try sockets.bind(index: index, loopCount: loopCount, backlog: backlog, options: options, on: system)
    }
  }
}
