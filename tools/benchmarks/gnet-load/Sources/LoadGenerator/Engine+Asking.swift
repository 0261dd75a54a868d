internal import CLoad

extension Engine {
  /// Makes the first requests of all connections; in lockstep those of a round.
  func askFirst() throws(LoadError) {
    if interval > 0 { return try askWhatIsDue() }
    for index in 0..<plan.connections { try ask(index, plan.pipeline) }
  }

  /// Makes up to `count` requests on one connection, and sends them.
  func ask(_ index: Int, _ count: Int) throws(LoadError) {
    var count = count
    if let limit = plan.requestLimit { count = min(count, limit - madeTotal) }
    if count == 0 || !mayAsk { return }
    let connection = connections + index
    if connection.pointee.underWay == 0 { connection.pointee.lastSign = now }
    let places = madeAt + index * plan.pipeline
    for number in connection.pointee.made..<(connection.pointee.made + count) { places[place(number)] = now }
    connection.pointee.made += count
    madeTotal += count
    underWay += count
    connection.pointee.unsent += count * script.requestSize
    if !isHoldingBack { try flush(index) }
  }

  /// The index of a request's time in the ring of its connection.
  @inline(__always)
  private func place(_ number: Int) -> Int { plan.pipeline == 1 ? 0 : number % plan.pipeline }

  /// Gives the kernel what it takes of a connection's requests.
  func flush(_ index: Int) throws(LoadError) {
    let connection = connections + index
    let pattern = script.requests
    while connection.pointee.unsent > 0 {
      let count = min(connection.pointee.unsent, sendLimit)
      let sent = connection.pointee.stream.send(pattern.bytes + connection.pointee.sendPosition, count)
      if sent < 0 {
        if sent == Platform.wouldBlock { return try watchOutput(index, true) }
        if sent == Platform.isHandshaking { return }
        throw LoadError("sending to \(plan.target)", sent)
      }
      connection.pointee.sendPosition = pattern.advance(connection.pointee.sendPosition, by: sent)
      connection.pointee.unsent -= sent
    }
    if connection.pointee.wantsOutput { try watchOutput(index, false) }
  }

  /// Has the kernel report when a connection is writable, or not any more.
  private func watchOutput(_ index: Int, _ wanted: Bool) throws(LoadError) {
    if connections[index].wantsOutput == wanted { return }
    connections[index].wantsOutput = wanted
    let result = cload_watch(epoll, connections[index].stream.fd, UInt64(index), 0, wanted ? 1 : 0)
    if result < 0 { throw LoadError("epoll_ctl", result) }
  }

  // MARK: At a fixed rate

  /// The time when the request with this number on this connection is due. Requests go round the connections, so no
  /// request's time depends on the fate of another.
  func dueTime(_ index: Int, _ number: Int) -> Int64 {
    began + Int64(Double(number * plan.connections + index) * interval)
  }

  /// The time when the next request is due at a fixed rate.
  var nextDue: Int64? { interval > 0 && mayAsk ? began + Int64(Double(due) * interval) : nil }

  /// Makes the requests whose time has come; those of a connection that has too many under way are made as replies come.
  func askWhatIsDue() throws(LoadError) {
    while let time = nextDue, time <= now, madeTotal != plan.requestLimit {
      let index = due % plan.connections
      due += 1
      if connections[index].underWay < plan.pipeline {
        try ask(index, 1)
      } else {
        connections[index].overdue += 1
      }
    }
  }

  // MARK: Replies

  /// Takes `count` replies of a connection into account, and makes the requests that follow them.
  @inline(__always)
  func complete(_ index: Int, _ count: Int) throws(LoadError) {
    let connection = connections + index
    let first = connection.pointee.answered
    if isMeasuring { recordLatencies(index, first, count) }
    connection.pointee.answered += count
    connection.pointee.lastSign = now
    lastReply = now
    underWay -= count
    completed += count
    switch plan.pace {
    case .closed: try ask(index, count)
    case .lockstep: break
    case .reconnect: try reopen(index)
    case .open:
      let more = min(connection.pointee.overdue, count)
      connection.pointee.overdue -= more
      try ask(index, more)
    }
  }

  /// Counts the latencies of some replies that have come together; requests made together have the same.
  @inline(__always)
  private func recordLatencies(_ index: Int, _ first: Int, _ count: Int) {
    if interval > 0 {
      for number in first..<(first + count) { record(now - dueTime(index, number)) }
      return
    }
    let places = madeAt + index * plan.pipeline
    var (time, same) = (places[place(first)], 1)
    var number = first + 1
    while number < first + count {
      let next = places[place(number)]
      if next == time {
        same += 1
      } else {
        record(now - time, count: same)
        (time, same) = (next, 1)
      }
      number += 1
    }
    record(now - time, count: same)
  }
}
