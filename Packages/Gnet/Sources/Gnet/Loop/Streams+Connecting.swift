internal import Poller
internal import SystemPackage

// The way of an outbound connection to `opened`:
//
//   establish   the address is understood; a host name goes to the resolver, which posts the dial again
//        |
//   tryNext     a socket connects to the next address; the one after that is tried when this one fails, or is silent
//        |
//   succeed     the first socket that is connected becomes the connection, the others are closed
//        |
//   establish   a filter is established before (Streams+Establishing.swift)
//        |
//   open        the connection is one like all others
//
// Each socket has a slot in the phase `establishing`, and the slot's queue refers to the dial. An error, the time limit
// and the shutdown lead to `fail`; the handle's `close()` and `abort()` to `takeBack`.
extension Streams {
  /// Begins to establish an outbound connection, or goes on with the addresses of its host.
  mutating func establish(_ dial: Dial, _ turn: inout Turn<System>) {
    assert(dial.queue.loop === loop && areBuffersEmpty)
    switch dial.progress.stage {
    case .posted: begin(dial, &turn)
    case .resolving: continueResolved(dial, &turn)
    // Over: it was taken back, or failed, while its host was looked up.
    case .connecting, .filtering, .over: break
    }
  }

  /// Whether a dial is being established by this loop, and in its place.
  func knows(_ dial: Dial) -> Bool {
    dials.indices.contains(dial.progress.index) && dials[dial.progress.index] === dial
  }

  private mutating func begin(_ dial: Dial, _ turn: inout Turn<System>) {
    assert(dial.progress.index < 0 && dial.progress.attempts.isEmpty)
    loop.count(in: &turn.counters) { $0.connectAttempts &+= 1 }
    dial.progress.index = dials.count
    dials.append(dial)
    dial.queue.dial = dial
    if isShuttingDown { return fail(dial, .shutdown, &turn) }
    if dial.queue.leaveCalls() { return takeBack(dial, &turn) }
    do throws(ConnectError) {
      let target = try dial.target.get()
      if dial.isDatagram && dial.options.filter != nil {
        throw .invalidAddress(dial.address, reason: "filters are for streams, not for datagrams")
      }
      if let text = dial.options.localAddress {
        guard let local = SocketAddress(text), local.family != .unix else {
          throw .invalidAddress(text, reason: "a numeric address to connect from and a port are needed: 127.0.0.2:0")
        }
        dial.progress.local = local
      }
      if let race = target.race {
        dial.progress.race = race
        connect(dial, &turn)
      } else {
        lookUp(target.query, dial, &turn)
      }
    } catch {
      fail(dial, error, &turn)
    }
  }

  private mutating func lookUp(_ query: NameQuery, _ dial: Dial, _ turn: inout Turn<System>) {
    let lookup = Lookup(query) { [loop] outcome in
      dial.found.withLock { $0 = outcome }
      loop.post(.dial(dial))
    }
    dial.progress.stage = .resolving(lookup)
    armTimer(dial, &turn)
    assert(dial.progress.timer != nil)
    turn.system.start(lookup)
  }

  private mutating func continueResolved(_ dial: Dial, _ turn: inout Turn<System>) {
    assert(knows(dial))
    guard case .success(let addresses) = dial.found.withLock({ $0.take() }), !addresses.isEmpty else {
      return fail(dial, .nameNotFound(dial.address), &turn)
    }
    dial.progress.race = AddressRace(addresses)
    connect(dial, &turn)
  }

  private mutating func connect(_ dial: Dial, _ turn: inout Turn<System>) {
    assert(knows(dial) && dial.progress.attempts.isEmpty && !dial.progress.race.isOver)
    dial.progress.stage = .connecting
    tryNext(dial, &turn)
  }

  // MARK: The end of a dial

  /// Makes a connected socket the connection: what its handle was given before leaves first.
  mutating func succeed(_ slot: ConnectionSlot, _ dial: Dial, _ turn: inout Turn<System>) {
    assert(knows(dial) && slot.pointee.life.phase == .establishing)
    if dial.queue.leaveCalls() {
      if dial.progress.latest != slot.pointee.token { giveUp(slot, dial, &turn) }
      return takeBack(dial, &turn)
    }
    for token in dial.progress.attempts where token != slot.pointee.token { giveUp(token, dial, &turn) }
    if slot.pointee.interest != .readable {
      do throws(Errno) {
        try turn.selector.modify(slot.pointee.fd, .connection(slot.pointee.token), .readable, .level)
        slot.pointee.interest = .readable
      } catch {
        return fail(dial, dial.failure(of: .watch, error), &turn)
      }
    }
    assert(dial.progress.attempts.allSatisfy { $0 == slot.pointee.token }, "an attempt goes on")
    slot.pointee.isOutbound = true
    slot.pointee.addressIndex = -1
    guard let filter = dial.options.filter else { return open(slot, dial, &turn) }
    dial.progress.stage = .filtering
    dial.progress.latest = slot.pointee.token
    dial.progress.nextAttempt = .never
    armTimer(dial, &turn)
    establish(slot, [filter], requestedName: dial.queue.requestedName, &turn)
  }

  /// Opens an outbound connection, which is established.
  mutating func open(_ slot: ConnectionSlot, _ dial: Dial, _ turn: inout Turn<System>) {
    assert(slot.pointee.handleQueue === dial.queue && slot.pointee.isOutbound)
    remove(dial, &turn)
    let handlers = start(dial.succeed())
    if dial.isDatagram { prepareExchange(slot, turn) }
    loop.addConnection()
    loop.count(in: &turn.counters) { $0.connectionsOutbound &+= 1 }
    let token = slot.pointee.token
    dial.queue.setToken(token)
    openApplyingCalls(slot, handlers, &turn)
  }

  /// Fails to establish a connection.
  mutating func fail(_ dial: Dial, _ error: ConnectError, _ turn: inout Turn<System>) {
    for token in dial.progress.attempts { giveUp(token, dial, &turn, because: error.errno) }
    assert(dial.progress.attempts.isEmpty)
    remove(dial, &turn)
    loop.count(in: &turn.counters) { $0.connectFailures &+= 1 }
    dial.end(error)
  }

  /// Gives a connection up that its handle has closed before it was established.
  private mutating func takeBack(_ dial: Dial, _ turn: inout Turn<System>) {
    for token in dial.progress.attempts { giveUp(token, dial, &turn) }
    assert(dial.progress.attempts.isEmpty)
    remove(dial, &turn)
    dial.end(nil)
  }

  /// Takes in the calls of a handle whose connection is being established: all but its end wait.
  mutating func applyEarly(_ queue: HandleQueue, _ turn: inout Turn<System>) {
    // A dial that the loop has not seen yet looks at the calls when its turn comes.
    guard let dial = queue.dial else { return }
    assert(knows(dial))
    if queue.leaveCalls() { takeBack(dial, &turn) }
  }

  /// Ends a dial whose filter was not established. The connection is not the dial's any more: what was sent to the peer may
  /// have to reach it.
  mutating func fail(_ dial: Dial, leaving slot: ConnectionSlot, _ error: ConnectError, _ turn: inout Turn<System>) {
    assert(dial.progress.attempts == [slot.pointee.token] && slot.pointee.life.phase == .establishing)
    dial.progress.latest = nil
    slot.pointee.handleQueue = nil
    fail(dial, error, &turn)
  }

  private mutating func remove(_ dial: Dial, _ turn: inout Turn<System>) {
    assert(knows(dial))
    if let timer = dial.progress.timer.take() { turn.timers.remove(timer) }
    guard let last = dials.popLast() else { return assertionFailure("a dial is not known") }
    if last === dial { return }
    last.progress.index = dial.progress.index
    dials[dial.progress.index] = last
  }

  // MARK: Deadlines

  func armTimer(_ dial: Dial, _ turn: inout Turn<System>) {
    assert(knows(dial))
    let (deadline, now) = (min(dial.deadline, dial.progress.nextAttempt), turn.system.now)
    if let timer = dial.progress.timer {
      turn.timers.move(timer, to: deadline, now: now)
    } else {
      dial.progress.timer = turn.timers.set(.dial(dial), at: deadline, now: now)
    }
  }

  /// Tries the next address, or ends a dial whose time is over. Of a process that was stopped, the sockets may have
  /// connected meanwhile.
  mutating func timerFired(_ dial: Dial, _ turn: inout Turn<System>) {
    assert(knows(dial) && dial.progress.timer != nil && areBuffersEmpty)
    dial.progress.timer = nil
    let now = turn.system.now
    if dial.deadline <= now {
      if case .filtering = dial.progress.stage { return filteringTimedOut(dial, &turn) }
      for token in dial.progress.attempts {
        guard let slot = connections.pointee.find(token) else { continue }
        let isConnected = (try? turn.system.peerAddress(of: slot.pointee.fd)) != nil
        if isConnected && outcome(of: slot, turn) == nil { return succeed(slot, dial, &turn) }
      }
      fail(dial, .timedOut(dial.address), &turn)
    } else if dial.progress.nextAttempt <= now {
      tryNext(dial, &turn)
    } else {
      armTimer(dial, &turn)
    }
  }

  /// Ends a dial whose filter was not established in time, unless bytes that have arrived meanwhile establish it.
  private mutating func filteringTimedOut(_ dial: Dial, _ turn: inout Turn<System>) {
    if let token = dial.progress.latest, let slot = connections.pointee.find(token) { receiveEstablishing(slot, &turn) }
    if case .filtering = dial.progress.stage { fail(dial, .timedOut(dial.address), &turn) }
  }

  // MARK: Shutting down

  /// Ends all attempts to connect.
  mutating func failAll(_ turn: inout Turn<System>) {
    while let dial = dials.last { fail(dial, .shutdown, &turn) }
  }
}
