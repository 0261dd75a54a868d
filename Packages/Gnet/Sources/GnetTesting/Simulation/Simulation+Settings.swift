extension Simulation {
  /// The behaviour of the simulated network. The defaults are a network that works, with streams cut at any place.
  public struct Network: Sendable {
    /// Creates the default behaviour.
    public init() {}

    /// The time that bytes, datagrams and the steps of establishing a connection take between two hosts. Nothing takes time
    /// within a host.
    public var delay: ClosedRange<Duration> = .microseconds(50)...(.milliseconds(2))

    /// The probability that only a part of the bytes that could arrive does: cut at any place.
    public var splitProbability = 0.2

    /// The number of bytes that a socket's buffer holds in each direction.
    public var bufferCapacity = 65_536

    /// The probability, for each arrival, that the stream is reset instead.
    public var resetProbability = 0.0

    /// The probability that a connection is refused.
    public var refuseProbability = 0.0

    /// The probability that an attempt to connect is never answered.
    public var hangProbability = 0.0

    /// The probability that a datagram is lost.
    public var datagramLossProbability = 0.0

    /// The probability that a datagram arrives twice.
    public var datagramDuplicateProbability = 0.0

    /// The probability that a datagram takes ten times as long as others, and is overtaken by them.
    public var datagramDelayProbability = 0.0

    /// The time that looking up a host takes.
    public var lookupDelay: ClosedRange<Duration> = .milliseconds(1)...(.milliseconds(20))

    /// The probability that looking up a host fails.
    public var lookupFailureProbability = 0.0
  }

  /// The faults of the systems that servers run on. There are none by default.
  public struct Faults: Sendable {
    /// Creates a system without faults.
    public init() {}

    /// The probability that a system call fails with an error that the call may have.
    public var callFailureProbability = 0.0

    /// The probability that a system call is interrupted by a signal.
    public var interruptProbability = 0.0

    /// The probability that a call of `recv(2)` or `send(2)` moves fewer bytes than it could.
    public var shortTransferProbability = 0.0

    /// The probability that a wait reports a part of what is ready.
    public var partialWaitProbability = 0.0

    /// The probability that time passes between two instructions of a loop, which the loop sees when it reads the clock.
    public var slowness = 0.0

    /// The longest time that passes then.
    public var longestStep: Duration = .milliseconds(1)
  }

  /// Draws faults of the network and of the systems from the seed: which there are, and how frequent they are.
  ///
  /// Every run has other faults. Most runs have a few kinds, since many kinds at once hide each other.
  public func drawFaults() {
    func draw(_ probability: Double, _ highest: Double) -> Double {
      world.random.happens(probability) ? Double(1 + world.random.below(100)) / 100 * highest : 0
    }
    network = Network()
    let slowest = world.random.element(of: [100, 2_000, 30_000, 400_000])
    network.delay = .microseconds(1)...(.microseconds(slowest))
    network.splitProbability = draw(0.7, 1)
    network.bufferCapacity = world.random.element(of: [1, 7, 64, 1000, 4096, 65_536, 1 << 20])
    network.resetProbability = draw(0.2, 0.05)
    network.refuseProbability = draw(0.2, 0.3)
    network.hangProbability = draw(0.1, 0.3)
    network.datagramLossProbability = draw(0.3, 0.3)
    network.datagramDuplicateProbability = draw(0.3, 0.3)
    network.datagramDelayProbability = draw(0.3, 0.3)
    network.lookupFailureProbability = draw(0.2, 0.3)
    faults = Faults()
    faults.callFailureProbability = draw(0.25, 0.02)
    faults.interruptProbability = draw(0.3, 0.2)
    faults.shortTransferProbability = draw(0.4, 0.8)
    faults.partialWaitProbability = draw(0.4, 0.8)
    faults.slowness = draw(0.4, 0.3)
    faults.longestStep = .microseconds(world.random.element(of: [1, 100, 5_000]))
  }

  /// Ends all faults: those that were set, stopped hosts and clocks, and partitions.
  ///
  /// A test of a program under faults has two parts: first nothing wrong may happen, then, without faults, what is asked for
  /// must happen.
  public func endFaults() {
    let capacity = max(4096, network.bufferCapacity)
    network = Network()
    network.bufferCapacity = capacity
    faults = Faults()
    world.partitions = []
    for host in world.hosts {
      host.resume()
      host.isClockStopped = false
    }
  }
}
