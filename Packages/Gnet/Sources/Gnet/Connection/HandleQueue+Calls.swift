internal import CGnet
internal import RingBuffer

extension HandleQueue {
  /// A call that waits for the loop.
  enum Call: Sendable {
    /// The next `byteCount` bytes of the output; on a datagram socket, one datagram.
    case write(byteCount: Int)
    case wake
    case perform(Body)
    case close

    /// The number of bytes of the output that are the call's.
    var byteCount: Int { if case .write(let byteCount) = self { byteCount } else { 0 } }
  }

  /// A closure on its way to the loop.
  // Unchecked: it is handed over as `sending`, and called once, by the loop.
  final class Body: @unchecked Sendable {
    let run: (inout Connection) -> Action

    init(_ run: sending @escaping (inout Connection) -> Action) { self.run = run }
  }

  /// The calls that wait for the loop.
  struct Pending: ~Copyable {
    /// The queued calls. Trailing writes to a stream are not listed: their bytes are in `output`.
    private(set) var calls: [Call] = []
    var output = RingBuffer()
    /// Whether bytes were refused because of these calls: the connection's handler is to be told of a drain.
    var haveRefused = false
    /// The bytes of the output that `calls` are for.
    private var listedByteCount = 0

    /// Whether nothing waits.
    var isEmpty: Bool { calls.isEmpty && output.isEmpty }

    /// The bytes behind those of the last listed call: one more write.
    var restByteCount: Int {
      assert(listedByteCount <= output.count, "bytes of listed calls are gone")
      return output.count - listedByteCount
    }

    /// The bytes that count against the watermark. Calls count from the second on: datagrams may be empty, and wakes
    /// between short writes cost more memory than the bytes written.
    var cost: Int {
      if calls.isEmpty { return output.count }
      let callCount = calls.count + (restByteCount > 0 ? 1 : 0)
      return output.count + (callCount - 1) * MemoryLayout<Call>.stride
    }

    /// Takes the writes that come before all other calls off the list. Returns their numbers of bytes.
    mutating func takeFirstWrites() -> [Int] {
      var writes: [Int] = []
      for call in calls {
        guard case .write(let byteCount) = call else { break }
        writes.append(byteCount)
      }
      calls.removeFirst(writes.count)
      if calls.isEmpty && restByteCount > 0 { writes.append(restByteCount) }
      assert(writes.reduce(0, +) <= output.count)
      return writes
    }

    /// The numbers of bytes of the datagrams that have not been taken out of the output: the last ones.
    var lastWrites: [Int] {
      var (writes, byteCount): ([Int], Int) = ([], 0)
      for call in calls.reversed() {
        guard case .write(let count) = call, byteCount + count <= output.count else { continue }
        writes.append(count)
        byteCount += count
      }
      assert(byteCount == output.count, "a part of a datagram is left")
      return writes.reversed()
    }

    /// Adds bytes that are a datagram of their own.
    mutating func addDatagram(_ bytes: RawSpan) {
      output.write(bytes)
      list(.write(byteCount: bytes.byteCount))
    }

    /// Fetches the cache line that the next bytes go to: the loop's processor was the last to use it, and a writer's
    /// next unlocking would wait for it. The line in which the bytes so far end is there.
    mutating func prefetchNext() {
      let free = unsafe output.freeSegments(minimumCapacity: 0).first
      if let start = free.baseAddress { unsafe cgnet_prefetch(start + (Self.cacheLineSize - 1)) }
    }

    private static var cacheLineSize: Int { 64 }

    /// Adds a call other than a write.
    mutating func add(_ call: Call) {
      if restByteCount > 0 { list(.write(byteCount: restByteCount)) }
      list(call)
    }

    private mutating func list(_ call: Call) {
      assert(restByteCount == call.byteCount, "a call is listed with bytes of another")
      listedByteCount = output.count
      calls.append(call)
    }

    /// Whether the last call is a wake.
    var endsWithWake: Bool {
      if case .wake? = calls.last { restByteCount == 0 } else { false }
    }
  }
}
