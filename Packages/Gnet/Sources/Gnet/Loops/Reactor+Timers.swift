internal import SystemPackage

/// Something to be called again and again.
struct Ticker {
  /// Returns the delay until the next call, or `nil` for no more.
  let fire: () -> Duration?
  var due: MonotonicTime
}

extension Reactor {
  /// Has everything that ticks called at once for the first time.
  func startTickers() {
    let loop = loop
    if loop.index < 0 { return }
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

  /// How long the loop may sleep; `nil` for as long as nothing happens.
  var timeUntilNextTimer: Duration? {
    if !due.isEmpty || !loop.mailbox.isEmpty { return .zero }
    var next: MonotonicTime?
    func consider(_ time: MonotonicTime?) {
      if let time { next = next.map { min($0, time) } ?? time }
    }
    for ticker in tickers { consider(ticker.due) }
    for source in sources { consider(source.resumption) }
    consider(idle?.nextExpiry)
    consider(lingering.nextExpiry)
    consider(drainDeadline)
    return next.map { $0.since(.now) }
  }

  /// Does everything whose time has come.
  func fireTimers() {
    fireTickers()
    resumeAccepting()
    expireIdle()
    while let index = lingering.expire(until: now) {
      let slot = connections[index]
      if slot.pointee.phase == .lingering { discard(slot) }
    }
    if let drainDeadline, drainDeadline <= now { endAll(with: .timedOut) }
  }

  private func fireTickers() {
    var isOver = false
    for index in tickers.indices where tickers[index].due <= now {
      if let delay = tickers[index].fire() {
        tickers[index].due = .now + delay
      } else {
        tickers[index].due = MonotonicTime(nanoseconds: .max)
        isOver = true
      }
    }
    if isOver { tickers.removeAll { $0.due.nanoseconds == .max } }
  }

  private func expireIdle() {
    guard let timeout = options.idleTimeout else { return }
    while let index = idle?.expire(until: now) {
      let slot = connections[index]
      let deadline = slot.pointee.lastActivity + timeout
      if deadline <= now {
        finish(slot, .timedOut)
      } else {
        idle?.schedule(index, at: deadline)
      }
    }
  }
}
