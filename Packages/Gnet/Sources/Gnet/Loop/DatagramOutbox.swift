internal import CGnet
internal import RingBuffer
internal import SystemPackage

/// Datagrams to be sent, in order. Nothing is allocated per datagram once the arrays have grown to the load.
///
/// Datagrams of one size between the same ends that follow each other leave as one message, a run, which goes through
/// the network's layers once. Corresponds to `UDP_SEGMENT` of `udp(7)`.
@safe
struct DatagramOutbox: ~Copyable {
  /// The local address of the datagram being served, for its answers; none if the socket is bound to one address only.
  var local = cgnet_local()

  /// Whether the kernel's buffer is full: nothing leaves until the selector reports that the socket is writable.
  var isWaitingForWritability = false

  /// The number of datagrams that wait.
  private(set) var count = 0

  /// The datagrams that were dropped unsent since the last `takeDroppedCount()`.
  private var droppedCount: UInt64 = 0

  private let isIPv6: Bool
  private let port: UInt16
  private var isClosed = false
  private let limit: Int
  /// The most bytes of a datagram that is merged with others.
  private var segmentLimit: Int
  private var runs: [cgnet_run] = []
  private var bytes: [UInt8] = []
  /// The number of runs, and of bytes, that have been sent.
  private var sentRuns = 0
  private var sentBytes = 0
  /// The number of runs already announced to `preWrite`, sent or not.
  private var announcedRuns = 0

  init(isIPv6: Bool, port: UInt16, limit: Int, merges: Bool) {
    self.isIPv6 = isIPv6
    self.port = port
    self.limit = limit
    segmentLimit = merges ? Self.fitsEthernet : 0
  }

  /// The datagrams of a connected socket, which all go to its peer.
  init(connectedWithin limit: Int, merges: Bool) {
    (isIPv6, port) = (false, 0)
    self.limit = limit
    segmentLimit = merges ? Self.fitsEthernet : 0
  }

  /// `local` with the socket's port; `nil` where it is none.
  var localAddress: SocketAddress? {
    let address = SocketAddress(local.address, scope: local.scope, port: port)
    return address.isUnspecified ? nil : address
  }

  var isEmpty: Bool { sentRuns == runs.count }

  /// Whether the numbers of runs, datagrams and bytes fit together.
  private var isConsistent: Bool {
    sentRuns <= runs.count && sentBytes <= bytes.count && 0...runs.count ~= announcedRuns
      && count >= runs.count - sentRuns && (isEmpty ? count == 0 && bytes.isEmpty : true)
  }

  /// The number of bytes that wait.
  var byteCount: Int { bytes.count - sentBytes }

  /// The number of bytes kept, waiting or sent.
  var storedByteCount: Int { bytes.count }

  /// Adds a datagram.
  ///
  /// While the kernel takes nothing and more than the watermark waits, the datagram is dropped, as a network would:
  /// datagrams without bytes cost memory too.
  mutating func append(_ first: RawSpan, _ second: RawSpan, to peer: SocketAddress, from local: cgnet_local) {
    if isWaitingForWritability && refusesMore {
      droppedCount &+= 1
      return
    }
    unsafe first.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    if !second.isEmpty { unsafe second.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) } }
    count += 1
    let ends = cgnet_ends(peer: peer, isIPv6: isIPv6, local: local)
    let byteCount = first.byteCount + second.byteCount
    let last = runs.count - 1
    // A run that has been announced stays as it is.
    assert(last < 0 || last >= sentRuns, "a datagram would join those that have been sent")
    if last >= announcedRuns, runs[last].extend(by: byteCount, ends) { return }
    let segment = byteCount <= segmentLimit ? UInt16(byteCount) : 0
    runs.append(cgnet_run(ends: ends, segment: segment, count: 1, byte_count: byteCount))
    assert(isConsistent && !isEmpty)
  }

  /// Whether a datagram is dropped that comes while the kernel takes nothing.
  private var refusesMore: Bool {
    isClosed || byteCount + count * MemoryLayout<cgnet_run>.stride >= limit && !isEmpty
  }

  /// Drops further datagrams.
  mutating func close() {
    isClosed = true
    isWaitingForWritability = true
  }

  /// Adds a datagram for the peer of a connected socket.
  mutating func append(moving byteCount: Int, of bytes: inout RingBuffer) {
    do {
      let segments = bytes.readable(prefix: byteCount)
      append(segments.first, segments.second, to: SocketAddress(.unix(path: "")), from: cgnet_local())
    }
    bytes.discard(byteCount)
  }

  /// The number of runs of the next batch.
  private var batchCount: Int { min(runs.count - sentRuns, Int(CGNET_DATAGRAM_BATCH)) }

  /// The next run of the next batch that nobody was told about yet.
  mutating func announceNext() -> cgnet_run? {
    let next = max(announcedRuns, sentRuns)
    guard next < sentRuns + batchCount else { return nil }
    announcedRuns = next + 1
    assert(isConsistent && !isEmpty)
    return runs[next]
  }

  /// The outcome of an attempt to send a batch.
  enum Sending {
    case sent
    /// The kernel's buffer is full.
    case blocked
    /// The first run failed.
    case failed(Errno)
  }

  /// Sends the next batch, and counts what was sent.
  @inline(__always)
  mutating func sendNext(_ fd: Int32, _ turn: inout Turn<some LoopSystem>) -> Sending {
    assert(!isEmpty && isConsistent)
    switch sendBatch(fd, turn.system) {
    case .moved(let runCount):
      assert(runCount > 0 && runCount <= batchCount)
      let sent = removeFirst(runCount)
      turn.counters.writes &+= 1
      turn.counters.datagramsOut &+= UInt64(sent.count)
      turn.counters.bytesWritten &+= UInt64(sent.byteCount)
      return .sent
    case .wouldBlock:
      turn.counters.writesWouldBlock &+= 1
      return .blocked
    case .failed(let error):
      return .failed(error)
    }
  }

  /// Takes the peers off the next batch: a connected socket has its own, and some systems refuse another.
  mutating func forgetPeers() {
    for index in sentRuns..<sentRuns + batchCount { runs[index].ends.peer_length = 0 }
  }

  /// Sends the next runs with one system call.
  func sendBatch(_ fd: Int32, _ system: some LoopSystem) -> Transfer {
    unsafe runs.withUnsafeBufferPointer { runs in
      unsafe bytes.withUnsafeBytes { bytes in
        unsafe system.sendingDatagrams(
          fd, UnsafeBufferPointer(rebasing: runs[sentRuns..<sentRuns + batchCount]),
          UnsafeRawBufferPointer(rebasing: bytes[sentBytes...]))
      }
    }
  }

  /// Drops the first `runCount` runs.
  ///
  /// - Returns: the number of their datagrams and bytes.
  mutating func removeFirst(_ runCount: Int) -> (count: Int, byteCount: Int) {
    assert(isConsistent && runCount <= runs.count - sentRuns)
    var removed = (count: 0, byteCount: 0)
    for run in runs[sentRuns..<sentRuns + runCount] {
      removed.count += Int(run.count)
      removed.byteCount += run.byte_count
    }
    sentRuns += runCount
    sentBytes += removed.byteCount
    count -= removed.count
    if isEmpty {
      assert(count == 0 && sentBytes == bytes.count, "the runs are not made of the datagrams that were added")
      runs.removeAll(keepingCapacity: runs.count <= 1024)
      bytes.removeAll(keepingCapacity: bytes.count <= 1 << 18)
      (sentRuns, sentBytes, announcedRuns) = (0, 0, 0)
    } else if sentRuns >= Self.compactionThreshold && sentRuns * 2 >= runs.count {
      forgetSent()
    }
    assert(isConsistent)
    return removed
  }

  /// Drops all datagrams.
  mutating func removeAll() { droppedCount &+= UInt64(removeFirst(runs.count - sentRuns).count) }

  /// Takes the number of datagrams that were dropped: for lack of space, or at the end.
  mutating func takeDroppedCount() -> UInt64 {
    let count = droppedCount
    droppedCount = 0
    return count
  }

  /// Drops the first datagram, which cannot be sent: it is too long, or its peer cannot be reached. Of several in a run
  /// it may not be the first that fails: they are to be sent again one by one.
  ///
  /// - Returns: whether a datagram was dropped.
  @discardableResult
  mutating func settleFailure(_ error: Errno) -> Bool {
    assert(!isEmpty && isConsistent)
    let run = runs[sentRuns]
    guard run.count > 1 else {
      _ = removeFirst(1)
      return true
    }
    let single = (0..<Int(run.count)).map {
      cgnet_run(ends: run.ends, segment: 0, count: 1, byte_count: run.byteCount(of: $0))
    }
    assert(single.reduce(0) { $0 + $1.byte_count } == run.byte_count)
    runs.replaceSubrange(sentRuns...sentRuns, with: single)
    if announcedRuns > sentRuns { announcedRuns += single.count - 1 }
    assert(isConsistent)
    limitSegments(after: error, Int(run.segment))
    return false
  }

  /// Learns from the failure of a run, so that the loop does not repeat hopeless attempts.
  private mutating func limitSegments(after error: Errno, _ segment: Int) {
    switch error {
    // The network adapter cannot do its part.
    case .ioError: segmentLimit = 0
    // A segment does not fit the path; or, where any would fit, the adapter's driver cannot do its part.
    case .invalidArgument, .messageTooLong: segmentLimit = segment > Self.fitsAnyPath ? Self.fitsAnyPath : 0
    default: break
    }
  }

  /// The bytes of a packet of 1,500 bytes, the most on Ethernet, behind the headers of IPv6 and UDP. Larger
  /// datagrams travel in fragments, which cannot be merged.
  private static let fitsEthernet = 1500 - 48
  /// Likewise for the packet that IPv6 demands every path to carry.
  private static let fitsAnyPath = 1280 - 48

  private static let compactionThreshold = 512

  /// Reclaims the space of sent datagrams: a queue may never run empty.
  ///
  /// - Complexity: O(`count`), of which at least as many were sent since the last time.
  private mutating func forgetSent() {
    assert(sentRuns > 0 && !isEmpty)
    runs.removeFirst(sentRuns)
    bytes.removeFirst(sentBytes)
    announcedRuns = max(0, announcedRuns - sentRuns)
    (sentRuns, sentBytes) = (0, 0)
  }
}
