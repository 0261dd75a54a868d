internal import CLoad

extension Engine {
  /// The time after which a datagram counts as lost, in nanoseconds.
  private static var lossAfter: Int64 { 200_000_000 }

  /// Takes the datagrams that have come for one socket, and makes the requests that follow them: one by one, or all
  /// together.
  func receiveDatagrams(_ index: Int) throws(LoadError) {
    isHoldingBack = plan.isSegmented
    try takeDatagrams(index)
    isHoldingBack = false
    if connections[index].unsent > 0 { try flush(index) }
  }

  private func takeDatagrams(_ index: Int) throws(LoadError) {
    let connection = connections + index
    while true {
      let count = connection.pointee.stream.receive(buffer, Script.reach)
      if count < 0 {
        if count == Platform.wouldBlock { return }
        throw LoadError("receiving from \(plan.target)", count)
      }
      now = cload_now()
      if isAnswer(index, connection.pointee.answered, count), connection.pointee.underWay > 0 {
        try completeDatagram(index)
      } else if let number = numberUnderWay(index, count) {
        // Earlier datagrams are lost or late.
        giveUp(index, number - connection.pointee.answered)
        try completeDatagram(index)
      } else if !isLate(index, count) {
        throw LoadError("\(plan.target) sent a datagram of \(count) bytes on socket \(index) that it was not sent")
      }
      if connection.pointee.underWay == 0 { return }
    }
  }

  /// Makes requests in place of lost ones.
  func giveUpLostDatagrams() throws(LoadError) {
    for index in 0..<plan.connections {
      let connection = connections[index]
      guard connection.underWay > 0, now - connection.lastSign > Self.lossAfter else { continue }
      giveUp(index, connection.underWay)
      connections[index].lastSign = now
      switch plan.pace {
      case .closed: try ask(index, plan.pipeline)
      case .open:
        let more = min(connections[index].overdue, plan.pipeline)
        connections[index].overdue -= more
        try ask(index, more)
      case .lockstep, .reconnect: break
      }
    }
    if plan.pace == .lockstep, underWay == 0 { try askFirst() }
  }

  private func completeDatagram(_ index: Int) throws(LoadError) {
    advance(index, 1)
    try complete(index, 1)
  }

  /// Counts the oldest requests under way as lost.
  private func giveUp(_ index: Int, _ count: Int) {
    advance(index, count)
    connections[index].answered += count
    underWay -= count
    lost += count
  }

  private func advance(_ index: Int, _ count: Int) {
    let position = connections[index].receivePosition
    connections[index].receivePosition = script.replies.advance(position, by: count * script.replySize)
  }

  /// Whether the buffer holds the answer to the request with this number.
  private func isAnswer(_ index: Int, _ number: Int, _ count: Int) -> Bool {
    let connection = connections[index]
    let position =
      number == connection.answered
      ? connection.receivePosition
      : (connection.origin + number % script.replies.period * script.replySize) % script.replies.period
    return count == script.replySize && Platform.areEqual(buffer, script.replies.bytes + position, count)
  }

  private func numberUnderWay(_ index: Int, _ count: Int) -> Int? {
    let connection = connections[index]
    return (connection.answered..<connection.made).first { isAnswer(index, $0, count) }
  }

  /// Whether the buffer holds the answer to one of the last requests that counted as lost.
  private func isLate(_ index: Int, _ count: Int) -> Bool {
    let answered = connections[index].answered
    return (max(0, answered - 4 * plan.pipeline)..<answered).contains { isAnswer(index, $0, count) }
  }
}
