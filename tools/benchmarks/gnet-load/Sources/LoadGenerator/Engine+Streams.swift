internal import CLoad

extension Engine {
  /// Connects the connection with this number, or opens a socket for datagrams.
  func open(_ index: Int) throws(LoadError) {
    let stream = try plan.target.connect(source: source(), resumes: plan.resumes)
    let origin = script.origin(of: index)
    connections[index].stream = stream
    (connections[index].sendPosition, connections[index].receivePosition) = (origin.request, origin.reply)
    connections[index].origin = origin.reply
    try script.open(stream, plan.target)
    if plan.isSegmented {
      let result = cload_segment(stream.fd, Int32(script.requestSize))
      if result < 0 { throw LoadError("having datagrams taken apart (UDP_SEGMENT)", result) }
    }
    let result = cload_watch(epoll, stream.fd, UInt64(index), 1, 0)
    if result < 0 { throw LoadError("epoll_ctl", result) }
  }

  /// Connections that follow each other fast, or are many, come from several loopback addresses in turn: the ports of
  /// one would run out, because a closed connection keeps its own for a while.
  private func source() -> Int32 {
    if plan.pace != .reconnect, plan.connections < 20_000 { return 0 }
    nextSource = nextSource % 64 + 1
    return nextSource
  }

  /// Closes a connection that has served its one request, and opens the next in its place.
  func reopen(_ index: Int) throws(LoadError) {
    if connections[index].stream.isResumptionRefused {
      throw LoadError("\(plan.target) has not resumed the session of connection \(index)")
    }
    connections[index].stream.close()
    guard mayAsk, madeTotal != plan.requestLimit else { return }
    now = cload_now()
    let before = now
    try open(index)
    now = before  // the request's time includes connecting
    try ask(index, 1)
  }

  /// Receives and checks the replies on a connection.
  func receive(_ index: Int) throws(LoadError) {
    let connection = connections + index
    let stream = connection.pointee.stream
    while true {
      let count = stream.receive(buffer, Script.reach)
      if count <= 0 {
        if count == Platform.wouldBlock { return }
        throw failure(index, count)
      }
      now = cload_now()
      if let wrong = script.replies.mismatch(buffer, count, at: connection.pointee.receivePosition) {
        throw corruption(index, wrong)
      }
      connection.pointee.receivePosition = script.replies.advance(connection.pointee.receivePosition, by: count)
      var whole = 0
      var partial = connection.pointee.partial + count
      if partial == script.replySize {
        (whole, partial) = (1, 0)
      } else if partial > script.replySize {
        (whole, partial) = partial.quotientAndRemainder(dividingBy: script.replySize)
      }
      connection.pointee.partial = partial
      if connection.pointee.underWay < whole || (connection.pointee.underWay == whole && partial > 0) {
        throw LoadError("\(plan.target) sent more than it was asked for on connection \(index)")
      }
      let isAll = connection.pointee.underWay == whole
      if whole > 0 { try complete(index, whole) }
      // All that was asked for, or less than the buffer holds: the kernel reports more.
      if isAll || (count < Script.reach && !stream.isBuffered) { return }
    }
  }

  private func failure(_ index: Int, _ result: Int) -> LoadError {
    let connection = connections[index]
    let state = "\(connection.answered) replies on connection \(index), \(connection.underWay) requests under way"
    if result == 0 { return LoadError("\(plan.target) closed the connection after \(state)") }
    return LoadError("receiving from \(plan.target) after \(state)", result)
  }

  /// Tells which byte is wrong, and what it should be.
  private func corruption(_ index: Int, _ offset: Int) -> LoadError {
    let connection = connections[index]
    let place = connection.partial + offset
    let (reply, byte) = place.quotientAndRemainder(dividingBy: script.replySize)
    let wanted = script.replies.bytes[connection.receivePosition + offset]
    return LoadError(
      "\(plan.target) sent a wrong byte on connection \(index): byte \(byte) of reply \(connection.answered + reply) "
        + "is \(buffer[offset]) and should be \(wanted)")
  }
}
