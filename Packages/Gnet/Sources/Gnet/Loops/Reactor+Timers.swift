internal import SystemPackage

/// Something to be called again and again.
struct Ticker {
  /// Returns the delay until the next call, or `nil` for no more.
  let fire: () -> Duration?
  var due: MonotonicTime
}

extension Reactor {
  /// For how long rings are kept that no writer from another thread has needed.
  static let spareRingsLifetime = Duration.seconds(1)

  /// Has everything that ticks called at once for the first time.
  func startTickers() {
    let loop = loop
    if loop.index < 0 { return }
    nextTimer = now
    for plugin in events.plugins { tickers.append(Ticker(fire: { plugin.tick(loop) }, due: now)) }
    if loop.index == 0, let tick = events.tick {
      let server = server!
      let fire = { () -> Duration? in
        let (delay, action) = tick()
        if action == .shutdown { server.shutdown() }
        return delay
      }
      tickers.append(Ticker(fire: fire, due: now))
    }
  }

  /// Has `fireTimers()` called at `time`, if not before.
  func remind(at time: MonotonicTime) { nextTimer = min(nextTimer, time) }

  /// When the loop has to wake up if nothing happens before.
  var timeToWakeUp: MonotonicTime { isAnythingDue || hasMail ? now : nextTimer }

  /// Does everything whose time has come.
  func fireTimers() {
    fireTickers()
    resumeAccepting()
    expireIdle()
    expireLingering()
    expireSpareRings()
    if let drainDeadline, drainDeadline <= now { endAll(with: .timedOut) }
    nextTimer = .never
    for ticker in tickers { remind(at: ticker.due) }
    for source in sources { remind(at: source.resumption ?? .never) }
    remind(at: idle?.nextExpiry ?? .never)
    remind(at: lingering.nextExpiry ?? .never)
    remind(at: drainDeadline ?? .never)
    remind(at: spareRingsExpiry)
  }

  private func fireTickers() {
    var isOver = false
    for index in tickers.indices where tickers[index].due <= now {
      if let delay = tickers[index].fire() {
        tickers[index].due = .now + delay
      } else {
        tickers[index].due = .never
        isOver = true
      }
    }
    if isOver { tickers.removeAll { $0.due == .never } }
  }

  private func expireIdle() {
    guard let timeout = options.idleTimeout else { return }
    while let index = idle?.expire(until: now) {
      let slot = connections.pointee[index]
      let deadline = slot.pointee.lastActivity + timeout
      if deadline <= now {
        finish(slot, .timedOut)
      } else {
        idle?.schedule(index, at: deadline)
      }
    }
  }

  private func expireLingering() {
    while let index = lingering.expire(until: now) {
      let slot = connections.pointee[index]
      if slot.pointee.phase == .lingering { discard(slot) }
    }
  }

  private func expireSpareRings() {
    guard spareRingsExpiry <= now else { return }
    spareRingsExpiry = loop.spareRings.trim() ? now + Self.spareRingsLifetime : .never
  }
}
