internal import CGnet
internal import SystemPackage

/// The process that has started this one as its successor, and the listeners that it has handed over.
final class Predecessor: Sendable {
  /// The environment variable with the number of the process that has started this one.
  static let variable = "GNET_PREDECESSOR"

  /// The predecessor of this process; `nil` for a process that was started by itself.
  static let current = Predecessor(ProcessEnvironment.current)

  /// The time that the predecessor has for a message.
  private static let patience = Duration.seconds(10)

  /// The sockets of its listeners.
  let handedOver: HandedOverSockets
  /// The channel to the predecessor, until it was told that this process is ready.
  private let channel: Lock<Channel?>

  /// Receives the listeners of the predecessor, if there is one.
  ///
  /// A process that this one starts has the variable, too, but not the channel: its descriptor is of another origin, or none.
  private init?(_ environment: [String: String]) {
    let fd = Int32(CGNET_CHANNEL)
    guard let process = environment[Self.variable].flatMap({ Int32($0) }), cgnet_peer_process(fd) == process,
      cgnet_adopt_channel(fd) == 0
    else { return nil }
    let channel = Channel(adopting: fd)
    handedOver = HandedOverSockets(Self.receiveListeners(channel))
    self.channel = Lock(consume channel)
  }

  private static func receiveListeners(_ channel: borrowing Channel) -> [InheritedSockets] {
    var listeners: [InheritedSockets] = []
    try? channel.setPatience(patience)
    while let message = try? channel.receive(), let listener = HandedOverListener(message.fields) {
      var descriptors = message.descriptors
      while descriptors.count < listener.descriptorCount, let more = try? channel.receive() {
        descriptors += more.descriptors
      }
      listeners.append(InheritedSockets(listener.address, descriptors, file: listener.file))
    }
    return listeners
  }

  /// The outcome of telling the predecessor that this process is ready.
  enum Answer {
    /// The predecessor ends, and this process takes its place.
    case accepted
    /// The predecessor has waited for too long, and goes on without this process.
    case refused
    /// The predecessor is gone.
    case gone
  }

  /// Tells the predecessor that this process is ready; `nil` if it was told before.
  func reportReady() -> Answer? {
    guard let channel = channel.withLock({ $0.take() }) else { return nil }
    let answer = Self.answer(channel)
    if answer != .refused { handedOver.takeOver(Kernel.shared) }
    return answer
  }

  private static func answer(_ channel: borrowing Channel) -> Answer {
    do throws(Errno) {
      try channel.send([Word.ready])
      return try channel.receive().fields == [Word.accepted] ? .accepted : .refused
    } catch {
      return .gone
    }
  }
}

/// The messages of one word between a process and its successor.
enum Word {
  /// There are no more listeners.
  static let end = "end"
  /// The successor is ready.
  static let ready = "ready"
  /// The successor is the server from now on.
  static let accepted = "accepted"
  /// The successor is not wanted any more.
  static let refused = "refused"
}

/// A listener on its way to a successor: the message that its descriptors go along with.
struct HandedOverListener {
  /// The address, as given.
  let address: String
  let descriptorCount: Int
  /// The file of a unix socket that the sender answers for.
  let file: UnixSocketFile?

  init(_ address: String, descriptorCount: Int, file: UnixSocketFile?) {
    assert(descriptorCount > 0, "a listener is handed over without its socket")
    self.address = address
    self.descriptorCount = descriptorCount
    self.file = file
  }

  /// Reads a message; `nil` for one of another kind.
  init?(_ fields: [String]) {
    guard fields.count >= 2, let count = Int(fields[1]) else { return nil }
    (address, descriptorCount) = (fields[0], count)
    guard fields.count == 5, let device = UInt64(fields[3]), let number = UInt64(fields[4]) else {
      file = nil
      return
    }
    file = UnixSocketFile(
      path: fields[2], identity: FileIdentity(device: device, number: number, isSocket: true), Kernel.shared)
  }

  /// The fields of the message.
  var fields: [String] {
    var fields = [address, "\(descriptorCount)"]
    if let file, let identity = file.identity { fields += [file.path, "\(identity.device)", "\(identity.number)"] }
    assert(HandedOverListener(fields)?.descriptorCount == descriptorCount, "a successor reads another message")
    return fields
  }
}
