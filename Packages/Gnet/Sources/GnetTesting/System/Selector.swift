internal import Gnet
internal import Poller
internal import SystemPackage

/// The conditions of a socket that a selector reports.
struct Readiness: OptionSet {
  let rawValue: UInt8

  static let readable = Readiness(rawValue: 1 << 0)
  static let writable = Readiness(rawValue: 1 << 1)
  /// The peer has ended its stream.
  static let peerClosed = Readiness(rawValue: 1 << 2)
  /// Both directions have ended. Reported unasked.
  static let hungUp = Readiness(rawValue: 1 << 3)
  /// Reported unasked.
  static let error = Readiness(rawValue: 1 << 4)
  /// The own output has ended. Only kqueue reports this, as the end of the connection.
  static let outputEnded = Readiness(rawValue: 1 << 5)
}

/// A socket that a selector can watch.
class Watchable {
  /// The registrations of the socket, one of each descriptor that is watched.
  fileprivate var registrations: [Registration] = []

  /// The conditions that hold now.
  var readiness: Readiness { [] }

  /// Tells the selectors that the conditions may have changed.
  func notify() { for registration in registrations { registration.list() } }

  /// Takes in that a descriptor is closed while others of the socket stay open. With epoll, its watching does not end.
  func noteClosed(_ fd: Int32) {
    guard let registration = registration(of: fd) else { return }
    if registration.selector.backend == .epoll { registration.isOfClosed = true } else { registration.forget() }
  }

  fileprivate func registration(of fd: Int32) -> Registration? { registrations.first { $0.fd == fd && !$0.isOfClosed } }

  /// Ends the watching of all descriptors.
  func forgetRegistrations() { for registration in registrations { registration.forget() } }
}

/// The watching of one descriptor.
final class Registration {
  fileprivate let selector: SelectorState
  fileprivate let fd: Int32
  fileprivate unowned let socket: Watchable
  fileprivate let token: Poller.Token
  fileprivate var interest: Poller.Interest
  fileprivate var trigger: Poller.Trigger
  /// Whether nothing is reported before the registration is changed.
  fileprivate var isSilent = false
  /// Whether the descriptor is closed.
  fileprivate var isOfClosed = false
  /// Whether the conditions are to be looked at.
  fileprivate var isListed = false

  fileprivate init(
    _ selector: SelectorState, _ fd: Int32, _ socket: Watchable, _ token: Poller.Token, _ interest: Poller.Interest,
    _ trigger: Poller.Trigger
  ) {
    self.selector = selector
    self.fd = fd
    self.socket = socket
    self.token = token
    self.interest = interest
    self.trigger = trigger
  }

  /// Ends the watching.
  func forget() {
    selector.registrations.removeAll { $0 === self }
    selector.listed.removeAll { $0 === self }
    socket.registrations.removeAll { $0 === self }
  }

  fileprivate func list() {
    if trigger == .edge && !interest.isEmpty { isSilent = false }
    if isListed { return }
    isListed = true
    selector.listed.append(self)
  }

  /// The conditions to report now: those asked for, and with epoll those that are reported unasked.
  fileprivate var pending: Readiness { isSilent ? [] : socket.readiness.intersection(asked) }

  private var asked: Readiness {
    var asked: Readiness = []
    switch selector.backend {
    case .epoll:
      asked = [.hungUp, .error]
      if interest.contains(.readable) { asked.formUnion([.readable, .peerClosed]) }
      if interest.contains(.writable) { asked.insert(.writable) }
    case .kqueue:
      if interest.contains(.readable) { asked.formUnion([.readable, .peerClosed, .error]) }
      if interest.contains(.writable) { asked.formUnion([.writable, .outputEnded, .error]) }
    }
    return asked
  }

  fileprivate func event(_ readiness: Readiness) -> Poller.Event {
    if interest.isEmpty || trigger != .level { isSilent = true }
    switch selector.backend {
    case .epoll:
      return Poller.Event(
        token: token, isReadable: !readiness.isDisjoint(with: [.readable, .peerClosed, .hungUp, .error]),
        isWritable: !readiness.isDisjoint(with: [.writable, .error]),
        isPeerClosed: !readiness.isDisjoint(with: [.peerClosed, .hungUp]), isError: readiness.contains(.error))
    case .kqueue:
      // The end that a filter reports is that of its direction; an error comes with an end.
      let isEnd = !readiness.isDisjoint(with: [.peerClosed, .outputEnded])
      let isError = isEnd && readiness.contains(.error)
      let isOfReading = interest.contains(.readable) && !readiness.isDisjoint(with: [.readable, .peerClosed, .error])
      let isOfWriting = interest.contains(.writable) && !readiness.isDisjoint(with: [.writable, .outputEnded, .error])
      return Poller.Event(
        token: token, isReadable: isOfReading || isEnd, isWritable: isOfWriting || isError, isPeerClosed: isEnd,
        isError: isError)
    }
  }
}

/// The state of a selector, and of the runner that waits for it.
// Unchecked: a simulation stays on one thread.
final class SelectorState: @unchecked Sendable {
  private let host: SimulatedHost
  /// The kernel interface whose rules the selector follows.
  let backend: Poller.Backend
  fileprivate var registrations: [Registration] = []
  /// The registrations whose conditions are to be looked at.
  fileprivate var listed: [Registration] = []
  private var isWoken = false
  /// The end of the wait, by the host's clock.
  private(set) var deadline = Poller.Instant(nanoseconds: 0)
  /// Whether the last wait has reported something, so that the runner does not wait now.
  private var hasReported = false
  private var isDestroyed = false

  init(_ host: SimulatedHost) {
    self.host = host
    backend = host.world.backend
  }

  /// Whether the runner does not wait.
  var isRunnable: Bool { hasReported || isWoken || deadline <= host.clock || hasPending }

  private var hasPending: Bool {
    while let last = listed.last {
      if !last.pending.isEmpty { return true }
      listed.removeLast()
      last.isListed = false
    }
    return false
  }

  func beginTurn() { hasReported = false }

  func wake() { isWoken = true }

  // MARK: Calls

  func add(
    _ fd: Int32, _ token: LoopToken, _ interest: Poller.Interest
  ) throws(Errno) {
    if let error = host.failure(of: .register) { throw Errno(rawValue: error) }
    guard let socket = host.watchable(fd) else { throw .badFileDescriptor }
    guard socket.registration(of: fd) == nil else {
      host.world.report("descriptor \(fd) is watched twice")
      throw .fileExists
    }
    let registration = Registration(self, fd, socket, token.encoded, interest, .level)
    socket.registrations.append(registration)
    registrations.append(registration)
    registration.list()
  }

  func modify(
    _ fd: Int32, _ token: LoopToken, _ interest: Poller.Interest, _ trigger: Poller.Trigger
  ) throws(Errno) {
    if let error = host.failure(of: .watch) { throw Errno(rawValue: error) }
    guard let socket = host.watchable(fd) else { throw .badFileDescriptor }
    guard let registration = socket.registration(of: fd), registration.selector === self,
      registration.token == token.encoded
    else {
      host.world.report("the watching of descriptor \(fd) is changed, which is not watched")
      throw .noSuchFileOrDirectory
    }
    registration.interest = interest
    registration.trigger = trigger
    registration.isSilent = false
    registration.list()
  }

  func remove(_ fd: Int32) { host.watchable(fd)?.registration(of: fd)?.forget() }

  func wait(until deadline: Poller.Instant, _ body: (Poller.Event) -> Void) -> Errno? {
    assert(!isDestroyed)
    self.deadline = deadline
    if let error = host.failure(of: .wait) { return Errno(rawValue: error) }
    for event in takeEvents() {
      hasReported = true
      body(event)
    }
    return nil
  }

  /// The events to report, as a kernel copies them out: what happens while they are served does not change them.
  private func takeEvents() -> [Poller.Event] {
    let world = host.world
    world.random.shuffle(&listed)
    var events: [Poller.Event] = []
    var rest: [Registration] = []
    let isPartial = world.random.happens(world.faults.partialWaitProbability)
    for registration in listed {
      let pending = registration.pending
      if pending.isEmpty {
        registration.isListed = false
        continue
      }
      rest.append(registration)
      if registration.isOfClosed { world.report("descriptor \(registration.fd) is closed, and a loop is told of it") }
      if isPartial && !events.isEmpty && world.random.happens(0.5) { continue }
      events.append(registration.event(pending))
    }
    listed = rest
    if isWoken {
      isWoken = false
      events.insert(Poller.Event(token: Poller.Token(rawValue: .max)), at: world.random.below(events.count + 1))
    }
    return events
  }

  func destroy() {
    if isDestroyed { host.world.report("a selector is destroyed twice") }
    isDestroyed = true
    for registration in registrations { registration.forget() }
    host.closeSelector()
  }
}

/// A reference to a selector.
struct SimulatedSelector: LoopSelector {
  let state: SelectorState

  var backend: Poller.Backend { state.backend }
  var waker: @Sendable () -> Void { { [state] in state.wake() } }

  func add(_ fd: Int32, _ token: LoopToken, _ interest: Poller.Interest) throws(Errno) {
    try state.add(fd, token, interest)
  }

  func modify(
    _ fd: Int32, _ token: LoopToken, _ interest: Poller.Interest, _ trigger: Poller.Trigger
  ) throws(Errno) {
    try state.modify(fd, token, interest, trigger)
  }

  func remove(_ fd: Int32) { state.remove(fd) }

  func wait(until deadline: Poller.Instant, now: Poller.Instant, _ body: (Poller.Event) -> Void) -> Errno? {
    state.wait(until: deadline, body)
  }

  func destroy() { state.destroy() }
}
