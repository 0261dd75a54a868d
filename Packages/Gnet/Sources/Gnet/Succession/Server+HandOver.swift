internal import CGnet
internal import SystemPackage

extension Server {
  /// Starts a process that takes over this server's listeners, and ends the server when that process is ready.
  ///
  /// The successor is given duplicates of the listening sockets and of those for datagrams, so that at every moment at least one
  /// process accepts. There, a ``Listener`` with the same address gets the sockets of this one instead of binding. The successor
  /// calls ``reportReady()``. Then this server shuts down in order, and `serve` returns.
  ///
  /// The service manager is told of the successor (`RELOADING=1`, and then `READY=1` with `MAINPID=`; sd_notify(3)). The
  /// successor has the standard descriptors of this process, no others but those that are handed over, its user and its working
  /// directory. No signal is blocked there.
  ///
  /// Blocks until the successor is ready or has failed; not to be called by a callback. ``shutdown()`` ends the wait, and the
  /// successor.
  ///
  /// - Parameter successor: the process to start; by default the program of this one, with its arguments.
  /// - Returns: the number of the new process.
  /// - Throws: a `HandOverError` if the successor cannot be started, ends, or is not ready in time. This server goes on then.
  @discardableResult
  public func handOver(to successor: Successor = Successor()) throws(HandOverError) -> Int32 {
    precondition(EventLoop.current == nil, "Server.handOver: called by a callback, which would wait for the successor")
    let ends = try Self.openChannel()
    let own = ends.own
    try succession.begin(over: own)
    // Before the channel is closed.
    defer { succession.end(over: own) }
    ServiceManager.notify(.reloading)
    do throws(HandOverError) {
      let (process, files) = try start(successor, ends.other, over: own)
      try wait(for: process, successor, over: own)
      finishHandOver(to: process, files, over: own)
      return process
    } catch {
      if !isShuttingDown { ServiceManager.notify(.ready) }
      throw error
    }
  }

  /// Reports that this process is ready to serve: to the predecessor, which ends its server then, or else to the
  /// service manager (`READY=1`; sd_notify(3)).
  ///
  /// Without either it does nothing. The predecessor is told once: listeners that it has handed over and that no server of this
  /// process has by then are closed.
  public func reportReady() {
    switch Predecessor.current?.reportReady() {
    case nil: ServiceManager.notify(.ready)
    case .gone: ServiceManager.notify(.readyAsMain(process: cgnet_process()))
    case .accepted, .refused: break
    }
  }

  // MARK: The steps

  /// Starts the successor and sends it the listeners of the server and of its plugins' companions.
  ///
  /// - Returns: the number of the process, and the files that it is to answer for.
  private func start(
    _ successor: Successor, _ other: consuming Channel, over own: borrowing Channel
  ) throws(HandOverError) -> (process: Int32, files: [UnixSocketFile]) {
    let process = successor.start(other)
    if process < 0 { throw .system(operation: "posix_spawn", Errno(rawValue: -process)) }
    // The successor's end is only the successor's: when it has ended, so has the channel.
    _ = consume other
    // Not kept while the successor is waited for: a shutdown closes them.
    let companions = succession.plugins.compactMap { $0.companion }
    let listeners = succession.listeners + companions.flatMap { $0.succession.listeners }
    do throws(Errno) {
      try own.setPatience(successor.timeout)
      for listener in listeners { try own.send(listener.message.fields, listener.descriptors) }
      try own.send([Word.end])
    } catch {
      throw failure(of: process)
    }
    return (process, listeners.flatMap(\.files))
  }

  /// Waits until the successor is ready.
  private func wait(
    for process: Int32, _ successor: Successor, over own: borrowing Channel
  ) throws(HandOverError) {
    if !own.waitForMessage(within: successor.timeout) {
      try? own.send([Word.refused])
      _ = cgnet_end_process(process, SIGTERM, Self.patience)
      throw .timedOut
    }
    guard let message = try? own.receive(), message.fields == [Word.ready], !isShuttingDown else {
      throw failure(of: process)
    }
  }

  /// The error for a successor that has ended, or that a shutdown ends.
  private func failure(of process: Int32) -> HandOverError {
    assert(process > 0, "the number stands for a group of processes")
    let isShuttingDown = isShuttingDown
    let status = cgnet_end_process(process, isShuttingDown ? SIGTERM : 0, Self.patience)
    return isShuttingDown ? .shutdown : .successorEnded(status)
  }

  /// Makes the successor the server.
  private func finishHandOver(to process: Int32, _ files: [UnixSocketFile], over own: borrowing Channel) {
    for file in files { file.setOwned(false) }
    // Before the successor goes on: a manager that listens to the main process alone is told by this one.
    ServiceManager.notify(.readyAsMain(process: process))
    try? own.send([Word.accepted])
    endHandedOver()
  }

  /// Ends the server, which a successor has replaced.
  func endHandedOver() {
    for plugin in succession.plugins { plugin.handedOver(self) }
    shutdown()
    assert(succession.listeners.isEmpty, "two servers answer for the listeners")
  }

  /// The milliseconds that a process has to end.
  private static var patience: Int32 { 5000 }

  private static func openChannel() throws(HandOverError) -> Channel.Ends {
    do throws(Errno) {
      return try Channel.open()
    } catch {
      throw .system(operation: "socketpair", error)
    }
  }
}
