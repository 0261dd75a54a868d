internal import Synchronization

/// A host's addresses that an outbound connection waits for.
package final class Lookup: Sendable {
  package typealias Outcome = Result<[RawAddress], NameError>

  package let query: NameQuery
  private let reply: @Sendable (Outcome) -> Void
  private let cancellation = Atomic<Bool>(false)

  /// - Parameter reply: called once, on any thread, unless the lookup is cancelled before.
  init(_ query: NameQuery, _ reply: @escaping @Sendable (Outcome) -> Void) {
    self.query = query
    self.reply = reply
  }

  package var isCancelled: Bool { cancellation.load(ordering: .relaxed) }

  /// Gives the lookup up. A call that has begun goes on.
  func cancel() { cancellation.store(true, ordering: .relaxed) }

  package func answer(_ outcome: Outcome) { if !isCancelled { reply(outcome) } }
}

/// The threads that look hosts up: `getaddrinfo(3)` blocks for as long as a name server takes.
///
/// A thread starts when a host is to be looked up, unless there are ``threadLimit`` already, and ends when nothing is left
/// to do. Lookups of the same host that wait are answered by one call.
final class Resolver: Sendable {
  /// The most hosts that are looked up at the same time.
  static let threadLimit = 4

  private struct State {
    /// The lookups that wait, by their queries.
    var lookups: [NameQuery: [Lookup]] = [:]
    /// The queries in their order: those of `front` from its end, then those of `back`.
    var front: [NameQuery] = []
    var back: [NameQuery] = []
    var threadCount = 0

    mutating func add(_ lookup: Lookup) {
      if lookups[lookup.query] == nil { back.append(lookup.query) }
      lookups[lookup.query, default: []].append(lookup)
      assert(queuesEachQueryOnce)
    }

    mutating func takeNext() -> (NameQuery, [Lookup])? {
      if front.isEmpty {
        front = back.reversed()
        back = []
      }
      guard let query = front.popLast(), let waiting = lookups.removeValue(forKey: query) else { return nil }
      assert(!waiting.isEmpty && queuesEachQueryOnce)
      return (query, waiting)
    }

    /// Whether each query that waits has one place in the order.
    private var queuesEachQueryOnce: Bool { lookups.count == front.count + back.count }
  }

  private let state = Lock(State())

  /// Looks a host up on another thread.
  func start(_ lookup: Lookup, on system: some ThreadedSystem) {
    let needsThread = state.withLock { state in
      state.add(lookup)
      guard state.threadCount < Self.threadLimit else { return false }
      state.threadCount += 1
      return true
    }
    guard needsThread else { return }
    do {
      try system.startThread(name: "gnet-resolver") { [self] in run(on: system) }.detach()
    } catch {
      giveUp(NameError(reason: "no thread to look it up on: \(error)"))
    }
  }

  /// Looks hosts up until none waits.
  private func run(on system: some ThreadedSystem) {
    while let (query, lookups) = takeNext() {
      if lookups.allSatisfy(\.isCancelled) { continue }
      let outcome: Lookup.Outcome
      do throws(NameError) {
        outcome = .success(try system.resolve(query))
      } catch {
        outcome = .failure(error)
      }
      for lookup in lookups { lookup.answer(outcome) }
    }
  }

  /// The next query; `nil` is the end of the thread.
  private func takeNext() -> (NameQuery, [Lookup])? {
    state.withLock { state in
      assert(1...Self.threadLimit ~= state.threadCount, "a thread that is not counted")
      let next = state.takeNext()
      if next == nil { state.threadCount -= 1 }
      return next
    }
  }

  /// Takes in that a thread could not be started. The others, if there are any, do its work.
  private func giveUp(_ error: NameError) {
    let unanswered = state.withLock { state in
      assert(state.threadCount > 0)
      state.threadCount -= 1
      var unanswered: [Lookup] = []
      if state.threadCount > 0 { return unanswered }
      while let (_, lookups) = state.takeNext() { unanswered += lookups }
      assert(state.lookups.isEmpty, "a lookup waits that no thread comes for")
      return unanswered
    }
    for lookup in unanswered { lookup.answer(.failure(error)) }
  }
}
