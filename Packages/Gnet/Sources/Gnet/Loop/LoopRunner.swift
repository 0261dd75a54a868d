/// A value that a thread runs until the server has ended: a loop, or the acceptor.
///
/// The thread owns the value, so the compiler sees to its confinement. A simulation may run several in an order of its
/// own instead.
protocol LoopRunner: ~Copyable {
  /// Begins; to be called once, on the thread that goes on.
  mutating func start()

  /// Runs one turn: does what is due, waits, and does what has become ready.
  ///
  /// - Returns: whether there is anything left to run for.
  mutating func runOnce() -> Bool

  /// Ends; to be called once, after the last turn.
  mutating func end()

  /// Destroys the value, for generic code.
  // The optimizer of Swift 6.3.1 leaves the `deinit` of a noncopyable generic type out, where generic code destroys a value
  // that has it.
  consuming func destroy()

  /// The invariants that do not hold now, between two turns, each in a sentence.
  var violations: [String] { get }
}

extension LoopRunner where Self: ~Copyable {
  /// Runs from the start to the end.
  mutating func run() {
    start()
    while runOnce() {}
    end()
  }
}
