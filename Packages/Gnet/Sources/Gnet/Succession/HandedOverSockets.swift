internal import SystemPackage

/// The sockets of a predecessor's listeners, which its successor serves.
struct HandedOverSockets: Sendable {
  private let listeners: [InheritedSockets]

  init(_ listeners: [InheritedSockets]) { self.listeners = listeners }

  /// Duplicates the sockets of listeners, for a successor on the same system.
  init(duplicating listeners: [ServedListener], on system: some SystemCalls) throws(Errno) {
    var handedOver: [InheritedSockets] = []
    for listener in listeners {
      var (duplicates, failure): ([Int32], Errno?) = ([], nil)
      for descriptor in listener.descriptors where failure == nil {
        let duplicate = system.duplicate(descriptor)
        if duplicate < 0 { failure = Errno(rawValue: -duplicate) } else { duplicates.append(duplicate) }
      }
      handedOver.append(InheritedSockets(listener.address, duplicates, file: listener.fileOfSuccessor(system)))
      if let failure {
        HandedOverSockets(handedOver).close(system)
        throw failure
      }
    }
    assert(handedOver.map(\.descriptors.count) == listeners.map(\.sockets.count))
    self.init(handedOver)
  }

  /// The sockets for a listener with an address, the first that no server has; `nil` if there are none.
  func sockets(for address: String, except used: [InheritedSockets]) -> InheritedSockets? {
    listeners.first { sockets in
      sockets.text == address && !sockets.areTaken && !used.contains { $0 === sockets }
    }
  }

  /// Takes the place of the predecessor: answers for the files of unix sockets from now on. Sockets that no server has are
  /// closed, since nobody would accept connections to them.
  func takeOver(_ system: some SystemCalls) {
    for sockets in listeners { sockets.file?.setOwned(true) }
    close(system)
  }

  /// Closes the sockets that no server has.
  func close(_ system: some SystemCalls) {
    for sockets in listeners { sockets.take(system) }
    assert(listeners.allSatisfy(\.areTaken))
  }
}
