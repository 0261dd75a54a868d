internal import Synchronization

/// What one loop has done since it started. All counts only grow, unless they say otherwise.
public struct LoopStatistics: Sendable, Hashable {
  /// Creates statistics of a loop that has done nothing.
  public init() {}

  /// Stream connections opened on this loop.
  public var connectionsOpened: UInt64 = 0
  /// Stream connections that ended: closed or detached.
  public var connectionsClosed: UInt64 = 0
  /// Stream connections open now; goes up and down.
  public var connectionsActive: UInt64 = 0
  /// System calls that received bytes from a client.
  public var reads: UInt64 = 0
  /// Bytes received, those of datagrams too.
  public var bytesRead: UInt64 = 0
  /// System calls that sent bytes to a client.
  public var writes: UInt64 = 0
  /// Bytes that the kernel took, those of datagrams too.
  public var bytesWritten: UInt64 = 0
  /// System calls that could send nothing, or not all, because the kernel's buffer was full.
  public var writesWouldBlock: UInt64 = 0
  /// Connections accepted for this loop.
  public var accepts: UInt64 = 0
  /// Attempts to accept that failed. Those of the acceptor thread count on loop 0.
  public var acceptErrors: UInt64 = 0
  /// Datagrams received.
  public var datagramsIn: UInt64 = 0
  /// Datagrams sent.
  public var datagramsOut: UInt64 = 0
  /// Times that another thread woke the loop.
  public var wakeups: UInt64 = 0
  /// Times that the loop asked the kernel for events.
  public var polls: UInt64 = 0
  /// Messages taken from the loop's mailbox.
  public var mailboxMessages: UInt64 = 0
  /// The most messages taken from the mailbox at once.
  public var mailboxDepthMax: UInt64 = 0
  /// Bytes of output waiting for their peers now; goes up and down.
  public var pendingOutputBytes: UInt64 = 0
  /// Nanoseconds spent at work, callbacks included.
  public var busyNanoseconds: UInt64 = 0
  /// Nanoseconds spent waiting for events.
  public var waitingNanoseconds: UInt64 = 0
}

/// One loop's statistics where other threads read them: written by the loop alone, once per turn.
///
/// A sequence lock: the version is odd while the words are being written, and a reader tries again if it was
/// odd or has changed. Words are atomics, so that torn reads are discarded rather than undefined.
/// Source: H. Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012.
@safe
final class PublishedStatistics: Sendable {
  private let version = Atomic<UInt>(0)
  // Set once; what it points to are atomics.
  private nonisolated(unsafe) let words: UnsafeMutablePointer<Atomic<UInt64>>

  private static var wordCount: Int { MemoryLayout<LoopStatistics>.size / MemoryLayout<UInt64>.size }

  init() {
    unsafe words = .allocate(capacity: Self.wordCount)
    for index in 0..<Self.wordCount { unsafe (words + index).initialize(to: Atomic(0)) }
  }

  deinit {
    unsafe words.deinitialize(count: Self.wordCount)
    unsafe words.deallocate()
  }

  /// Makes `statistics` the ones that readers see; to be called by one thread only.
  @inline(__always)
  func publish(_ statistics: borrowing LoopStatistics) {
    // Read once: a store to an atomic might have changed it, for all that the compiler knows.
    let words = unsafe self.words
    let start = version.load(ordering: .relaxed)
    version.store(start &+ 1, ordering: .relaxed)
    atomicMemoryFence(ordering: .releasing)
    unsafe withUnsafeBytes(of: statistics) { bytes in
      for index in 0..<Self.wordCount {
        let word = unsafe bytes.load(fromByteOffset: index * 8, as: UInt64.self)
        unsafe words[index].store(word, ordering: .relaxed)
      }
    }
    version.store(start &+ 2, ordering: .releasing)
  }

  /// The statistics as they were last published, all of one moment.
  var current: LoopStatistics {
    var copy = LoopStatistics()
    while true {
      let before = version.load(ordering: .acquiring)
      unsafe withUnsafeMutableBytes(of: &copy) { bytes in
        for index in 0..<Self.wordCount {
          unsafe bytes.storeBytes(of: words[index].load(ordering: .relaxed), toByteOffset: index * 8, as: UInt64.self)
        }
      }
      atomicMemoryFence(ordering: .acquiring)
      if before & 1 == 0, version.load(ordering: .relaxed) == before { return copy }
    }
  }
}
