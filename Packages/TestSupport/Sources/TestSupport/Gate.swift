/// A gate that holds threads until a test opens it.
public final class Gate: Sendable {
  private let arrivals = Counter()
  private let opening = Flag()

  /// Creates a gate that is shut.
  public init() {}

  /// The number of threads that have come to the gate so far.
  public var arrived: Int { arrivals.value }

  /// Waits until the gate is open, ten seconds at most.
  public func pass() {
    arrivals.add()
    opening.wait()
  }

  /// Opens the gate for good.
  public func open() { opening.set() }
}
