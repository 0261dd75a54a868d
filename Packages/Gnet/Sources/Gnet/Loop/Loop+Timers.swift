internal import Poller
internal import SystemPackage

extension Loop {
  /// Does everything whose time has come.
  @inline(never)
  mutating func fireTimers() {
    assert(turn.timers.next <= turn.now)
    // A tick sees all that its loop has done before.
    loop.publish(&turn.counters)
    while let deadline = turn.timers.expire(until: turn.now) {
      fire(deadline)
      assert(streams.areBuffersEmpty)
    }
    assert(turn.timers.next > turn.now)
  }

  private mutating func fire(_ deadline: Deadline) {
    switch deadline {
    case .connection(let token): streams.timerFired(token, &turn)
    case .dial(let dial): streams.timerFired(dial, &turn)
    case .listener(let id): listeners.retry(id, &turn)
    case .file(let id): lookAtFile(of: id)
    case .datagrams(let id): datagrams.retry(id, &turn)
    case .tick(let index): tick(index)
    case .scheduled(let timer): fire(timer)
    case .spareRings: turn.trim(loop.spareRings)
    case .drain: endAll(with: .timedOut)
    }
  }

  private mutating func lookAtFile(of id: Int) {
    guard listeners.hasLostFile(id, &turn) else { return }
    acceptAll(from: id)
    listeners.bindAgain(id, &turn)
  }

  /// Sets a timer that the program has made, or drops one that it has taken back.
  mutating func update(_ timer: ScheduledTimer) {
    assert(timer.loop === loop)
    if !timer.isCancelled {
      set(timer)
    } else if let id = timer.takeID() {
      turn.timers.remove(id)
    }
  }

  private mutating func fire(_ timer: ScheduledTimer) {
    assert(timer.isSet && timer.loop === loop)
    _ = timer.takeID()
    if timer.isCancelled { return }
    timer.fire()
    if timer.advance(past: turn.system.now), !timer.isCancelled { set(timer) }
  }

  private mutating func set(_ timer: ScheduledTimer) {
    assert(!timer.isSet, "a timer is set twice")
    timer.setID(turn.timers.set(.scheduled(timer), at: timer.deadline, now: turn.system.now))
  }

  private mutating func tick(_ index: Int) {
    assert(index < ticks.count || turn.isDraining)
    // A shutdown has no more ticks.
    guard index < ticks.count, var delay = ticks[index]() else { return }
    // Late, by a caller's sum: soon, but not in every turn.
    if delay < .zero { delay = .milliseconds(1) }
    _ = turn.timers.set(.tick(index), at: turn.system.now + delay, now: turn.now)
  }
}

extension ServerPlan {
  /// The ticks of a loop: those of the plugins, and on loop 0 the server's own.
  func ticks(of loop: EventLoop, _ server: Server) -> [() -> Duration?] {
    var ticks: [() -> Duration?] = plugins.map { plugin in { plugin.tick(loop) } }
    if loop.index == 0, let tick = events?.tick {
      ticks.append {
        let (delay, action) = tick()
        // The loop hears of the shutdown later than this, since the acceptor is the first.
        if action == .shutdown { server.shutdown() }
        return action == .shutdown ? nil : delay
      }
    }
    return ticks
  }
}
