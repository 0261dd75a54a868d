#if DEBUG

  internal import CGnet
  internal import Poller
  internal import SystemPackage

  /// A wrapper around a system: planned calls fail, or move fewer bytes than asked for.
  final class FailingSystem<Base: ThreadedSystem>: ThreadedSystem {
    private let base: Base
    private let plan: FaultPlan
    private let resolver = Resolver()

    init(_ base: Base, _ plan: FaultPlan) {
      self.base = base
      self.plan = plan
    }

    /// Makes a call, unless a fault is planned. Returns the result of the call, or the negated errno of the fault.
    private func attempt(_ call: SystemCall, _ body: () -> Int32) -> Int32 {
      plan.takeFault(for: call).map { -$0.rawValue } ?? body()
    }

    private func check(_ call: SystemCall) throws(Errno) {
      if let error = plan.takeFault(for: call) { throw error }
    }

    // MARK: Streams

    func receive(_ fd: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
      let count = plan.takeLimit(for: .receive, buffer.count)
      if let error = plan.takeFault(for: .receive) { return -Int(error.rawValue) }
      return unsafe base.receive(fd, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
    }

    func send(_ fd: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Int {
      let count = plan.takeLimit(for: .send, first.count)
      if let error = plan.takeFault(for: .send) { return -Int(error.rawValue) }
      if count == first.count { return unsafe base.send(fd, first, second) }
      return unsafe base.send(
        fd, UnsafeRawBufferPointer(rebasing: first[..<count]), UnsafeRawBufferPointer(start: nil, count: 0))
    }

    func endOutput(of fd: Int32) -> Int32 { attempt(.endOutput) { base.endOutput(of: fd) } }

    // MARK: Datagrams

    func receiveDatagrams(_ fd: Int32, into buffers: OpaquePointer) -> Int32 {
      attempt(.receiveDatagrams) { unsafe base.receiveDatagrams(fd, into: buffers) }
    }

    func sendDatagrams(
      _ fd: Int32, _ runs: UnsafeBufferPointer<cgnet_run>, _ bytes: UnsafeRawBufferPointer
    ) -> Int32 {
      let count = plan.takeLimit(for: .sendDatagrams, runs.count)
      return attempt(.sendDatagrams) {
        unsafe base.sendDatagrams(fd, UnsafeBufferPointer(rebasing: runs[..<count]), bytes)
      }
    }

    // MARK: Sockets

    func openSocket(family: Int32, isDatagram: Bool) -> Int32 {
      attempt(.socket) { base.openSocket(family: family, isDatagram: isDatagram) }
    }

    func bind(_ fd: Int32, to address: RawAddress) -> Int32 { attempt(.bind) { base.bind(fd, to: address) } }

    func listen(_ fd: Int32, backlog: Int32) -> Int32 { attempt(.listen) { base.listen(fd, backlog: backlog) } }

    func connect(_ fd: Int32, to address: RawAddress) -> Int32 { attempt(.connect) { base.connect(fd, to: address) } }

    func accept(_ fd: Int32, peer: inout RawAddress) -> Int32 {
      if let error = plan.takeFault(for: .accept) { return -error.rawValue }
      return base.accept(fd, peer: &peer)
    }

    func setOption(_ fd: Int32, _ option: cgnet_option, _ value: Int32) -> Int32 {
      attempt(.setOption) { base.setOption(fd, option, value) }
    }

    func readLocalAddress(of fd: Int32, into address: inout RawAddress) -> Int32 {
      if let error = plan.takeFault(for: .getName) { return -error.rawValue }
      return base.readLocalAddress(of: fd, into: &address)
    }

    func makeBlocking(_ fd: Int32) -> Int32 { attempt(.setBlocking) { base.makeBlocking(fd) } }

    func readPeerAddress(of fd: Int32, into address: inout RawAddress) -> Int32 {
      if let error = plan.takeFault(for: .getName) { return -error.rawValue }
      return base.readPeerAddress(of: fd, into: &address)
    }

    func adopt(_ fd: Int32) -> Int32 { attempt(.setBlocking) { base.adopt(fd) } }
    func identify(_ fd: Int32, as kind: inout cgnet_socket_kind) -> Int32 { base.identify(fd, as: &kind) }
    func duplicate(_ fd: Int32) -> Int32 { attempt(.duplicate) { base.duplicate(fd) } }
    func takeError(of fd: Int32) -> Int32 { base.takeError(of: fd) }
    func unreadCount(_ fd: Int32) -> Int { base.unreadCount(fd) }
    func unacknowledgedCount(_ fd: Int32) -> Int { base.unacknowledgedCount(fd) }
    func canSegment(_ fd: Int32) -> Bool { base.canSegment(fd) }
    func peerProcess(of fd: Int32) -> Int32 { base.peerProcess(of: fd) }
    @discardableResult
    func close(_ fd: Int32) -> Int32 { base.close(fd) }

    // MARK: Files

    func setPermissions(ofFileAt path: String, _ mode: UInt32) -> Int32 {
      attempt(.changeMode) { base.setPermissions(ofFileAt: path, mode) }
    }

    func identity(ofFileAt path: String) -> FileIdentity? { base.identity(ofFileAt: path) }
    var workingDirectory: String? { base.workingDirectory }
    func removeFile(at path: String) { base.removeFile(at: path) }
    func lockFolder(at path: String) -> Int32 { base.lockFolder(at: path) }
    var descriptorLimit: Int { base.descriptorLimit }

    // MARK: Names, threads and the clock

    func startThread(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) -> Thread {
      try check(.createThread)
      return try base.startThread(name: name, body)
    }

    func resolve(_ query: NameQuery) throws(NameError) -> [RawAddress] {
      if let error = plan.takeFault(for: .resolve) { throw NameError(reason: "\(error)") }
      if let addresses = plan.addresses(of: query.host) {
        let port = SocketAddress(.ipv4(address: 0, port: query.port))
        return addresses.map { RawAddress($0.withPort(of: port), isIPv6: $0.family == .ipv6) }
      }
      return try base.resolve(query)
    }

    func start(_ lookup: Lookup) { if !plan.takeLoss(of: .resolve) { resolver.start(lookup, on: self) } }
    var now: Poller.Instant { base.now }
    var continuousNow: ContinuousClock.Instant { base.continuousNow }

    // MARK: Readiness

    func openSelector() throws(Errno) -> FailingSelector<Base.Selector> {
      try check(.openSelector)
      return FailingSelector(try base.openSelector(), plan)
    }
  }

  /// A wrapper around a selector: planned calls fail.
  struct FailingSelector<Base: LoopSelector>: LoopSelector {
    private let base: Base
    private let plan: FaultPlan

    fileprivate init(_ base: Base, _ plan: FaultPlan) {
      self.base = base
      self.plan = plan
    }

    private func check(_ call: SystemCall) throws(Errno) {
      if let error = plan.takeFault(for: call) { throw error }
    }

    var backend: Poller.Backend { base.backend }

    /// Ends the loop's wait, unless that is planned to be lost.
    var waker: @Sendable () -> Void {
      let (waker, plan) = (base.waker, plan)
      return { if !plan.takeLoss(of: .wake) { waker() } }
    }

    func add(_ fd: Int32, _ token: LoopToken, _ interest: Poller.Interest) throws(Errno) {
      try check(.register)
      try base.add(fd, token, interest)
    }

    func modify(
      _ fd: Int32, _ token: LoopToken, _ interest: Poller.Interest, _ trigger: Poller.Trigger
    ) throws(Errno) {
      try check(.watch)
      try base.modify(fd, token, interest, trigger)
    }

    func remove(_ fd: Int32) { base.remove(fd) }

    func wait(until deadline: Poller.Instant, now: Poller.Instant, _ body: (Poller.Event) -> Void) -> Errno? {
      plan.takeFault(for: .wait) ?? base.wait(until: deadline, now: now, body)
    }

    func destroy() { base.destroy() }
  }

#endif
