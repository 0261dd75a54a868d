internal import Poller
internal import RingBuffer
internal import SystemPackage

/// What a loop knows of one connection: a slot of its `ConnectionTable`.
///
/// Only the loop's own thread touches it. Slots stay where they are in memory, so a `Connection` is a pointer to one.
struct ConnectionState: ~Copyable {
  /// Where a slot is in the life of its connection.
  enum Phase: UInt8 {
    /// No connection: the slot waits in the free list.
    case free
    /// From `onOpened` to the end.
    case open
    /// `onClosed` or `onDetached` has been called: nothing more is.
    case closed
    /// Closed, but for the descriptor: what the peer still sends is thrown away, so that it does not
    /// provoke a reset that would destroy what it has not read yet.
    case lingering
    /// Not a connection: stands for the peer of the datagram being served.
    case datagram
  }

  /// How a connection is to end when its output has been sent. A later one never downgrades an earlier one.
  enum Ending: UInt8, Comparable {
    case none, detach, close

    static func < (left: Ending, right: Ending) -> Bool { left.rawValue < right.rawValue }
  }

  struct Flags: OptionSet {
    let rawValue: UInt8

    /// The peer has ended its stream.
    static let inputEnded = Flags(rawValue: 1)
    /// Reading waits until the peer has taken output.
    static let readPaused = Flags(rawValue: 2)
    /// Sending has failed for good: output is dropped, reading finds out why.
    static let outputBroken = Flags(rawValue: 4)
    /// A wake is due.
    static let wakeRequested = Flags(rawValue: 8)
    /// Something was sent to the peer.
    static let hasSent = Flags(rawValue: 16)
    /// The connection is one of TCP.
    static let isTCP = Flags(rawValue: 32)
    /// The connection is on the loop's list of those to be served without input.
    static let isDue = Flags(rawValue: 64)
    /// The handler does not want to be read for now.
    static let readPausedByHandler = Flags(rawValue: 128)
  }

  // The reactor that has the slot has the loop too, and for as long.
  unowned(unsafe) let loop: EventLoop
  /// The slot's number in its table.
  let index: UInt32
  /// Which of the connections that have used this slot; never 0, which stands for sockets that are not connections.
  var generation: UInt32 = 1

  var phase = Phase.free
  var ending = Ending.none
  var flags: Flags = []
  /// What the poller watches for.
  var interest: Poller.Interest = []
  var fd: Int32 = -1
  var addressIndex = 0
  var remote = SocketAddress(.unix(path: ""))
  /// This side's address, once the descriptor has been handed over.
  var localAfterDetach: SocketAddress?
  var context: AnyObject?

  /// Received bytes that `react` left; without storage as long as there are none.
  var inbound = RingBuffer()
  /// Bytes that the kernel has not taken yet; without storage as long as there are none.
  var outbound = RingBuffer()
  /// The loop's buffer, where output is gathered for the length of a callback while `outbound` is empty.
  let lentOutput: Reference<RingBuffer>
  /// The loop's datagrams to be sent; only for slots that stand for datagrams.
  var outbox: Reference<DatagramOutbox>?

  /// How many bytes of `outbound` the loop's statistics contain.
  var accountedOutput = 0
  /// What other threads hold on to; made when it is first asked for.
  var remoteControl: RemoteControl?
  /// The error that sending met.
  var failure: Errno?
  /// When bytes last moved; kept only if there is an idle time-out.
  var lastActivity = MonotonicTime(nanoseconds: 0)

  init(index: UInt32, loop: EventLoop, lentOutput: Reference<RingBuffer>) {
    self.index = index
    unsafe self.loop = loop
    self.lentOutput = lentOutput
  }

  /// This side's address where it is not for the descriptor to tell.
  var knownLocal: SocketAddress? {
    if phase == .datagram { return outbox?.pointee.localAddress }
    return localAfterDetach
  }

  /// What readiness events and handles carry: the slot and which of its connections is meant.
  @inline(__always)
  var token: UInt64 { UInt64(generation) << 32 | UInt64(index) }

  /// The bytes of output that the kernel has not taken.
  @inline(__always)
  var pendingWriteCount: Int {
    if phase == .datagram { return outbox?.pointee.byteCount ?? 0 }
    return outbound.count + (outbound.isEmpty && phase == .open ? lentOutput.pointee.count : 0)
  }

  /// Whether what a handler writes still has a way to the peer.
  @inline(__always)
  var takesOutput: Bool { phase == .open && ending != .close && !flags.contains(.outputBroken) }

  /// Whether anything but going on as before is to be done after a callback.
  @inline(__always)
  var needsAttention: Bool {
    ending != .none || interest != .readable || !outbound.isEmpty || accountedOutput != 0
      || !flags.isDisjoint(with: [.inputEnded, .readPaused, .readPausedByHandler, .outputBroken, .wakeRequested])
  }

  /// Asks for an ending, unless a stronger one is due already. There is none for a datagram.
  @inline(__always)
  mutating func end(_ requested: Ending) {
    if phase != .datagram { ending = max(ending, requested) }
  }
}
