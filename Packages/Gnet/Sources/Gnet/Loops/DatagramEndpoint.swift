internal import CGnet
internal import RingBuffer

/// What a loop keeps for a datagram socket: the slot that stands for the peer of the datagram being served, and
/// the datagrams that wait to be sent.
final class DatagramEndpoint {
  let socket: BoundSocket
  let peer: Slot
  private let outboxPlace: Reference<DatagramOutbox>
  /// Peers for which a `react` without a datagram was asked.
  var wakes: [(peer: SocketAddress, local: cgnet_local)] = []
  /// What of the outbox the loop's statistics contain.
  var accountedBytes = 0

  init(_ socket: BoundSocket, loop: EventLoop, output: Reference<RingBuffer>, limit: Int) {
    self.socket = socket
    outboxPlace = Reference(
      placing: DatagramOutbox(isIPv6: socket.isIPv6, port: UInt16(socket.address.port ?? 0), limit: limit))
    peer = Reference(placing: ConnectionState(index: 0, loop: loop, lentOutput: output))
    peer.pointee.phase = .datagram
    peer.pointee.fd = socket.fd
    peer.pointee.addressIndex = socket.addressIndex
    peer.pointee.outbox = outboxPlace
  }

  deinit {
    peer.destroy()
    outboxPlace.destroy()
  }

  var outbox: DatagramOutbox {
    _read { yield outboxPlace.pointee }
    _modify { yield &outboxPlace.pointee }
  }
}

/// Datagrams to be sent, in order. Nothing is allocated per datagram once the arrays have grown to the load.
@safe
struct DatagramOutbox: ~Copyable {
  struct Entry {
    let peer: SocketAddress
    let local: cgnet_local
    let byteCount: Int
  }

  /// The address of this machine that the datagram being served came to, which answers leave from; none where the
  /// socket is bound to one address only.
  var local = cgnet_local()

  /// Whether the kernel's buffer is full: nothing leaves until the poller reports room.
  var isWaitingForRoom = false

  private let isIPv6: Bool
  private let port: UInt16
  private let limit: Int
  private var entries: [Entry] = []
  private var bytes: [UInt8] = []
  /// How many entries, and how many bytes, have been sent.
  private var sentEntries = 0
  private var sentBytes = 0
  /// How many entries have been announced; those that could not be sent at once are ahead of the sent ones.
  private var announcedEntries = 0
  private var batch: [cgnet_datagram] = unsafe []

  init(isIPv6: Bool, port: UInt16, limit: Int) {
    self.isIPv6 = isIPv6
    self.port = port
    self.limit = limit
  }

  /// `local` with the socket's port; `nil` where it is none.
  var localAddress: SocketAddress? {
    let address = SocketAddress(local.address, scope: local.scope, port: port)
    return address.isUnspecified ? nil : address
  }

  var isEmpty: Bool { sentEntries == entries.count }

  /// The number of datagrams that wait.
  var count: Int { entries.count - sentEntries }

  /// The number of bytes that wait.
  var byteCount: Int { bytes.count - sentBytes }

  /// The number of bytes kept, waiting or sent.
  var storedByteCount: Int { bytes.count }

  /// Adds a datagram.
  ///
  /// While the kernel takes nothing, one that finds more than the watermark waiting is dropped, as the network
  /// would: datagrams without bytes cost memory too.
  mutating func append(_ first: RawSpan, _ second: RawSpan, to peer: SocketAddress, from local: cgnet_local) {
    if isWaitingForRoom && byteCount + count * MemoryLayout<Entry>.stride >= limit && !isEmpty { return }
    unsafe first.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    if !second.isEmpty { unsafe second.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) } }
    entries.append(Entry(peer: peer, local: local, byteCount: first.byteCount + second.byteCount))
  }

  /// How many datagrams the next batch has.
  private var batchCount: Int { min(count, Int(CGNET_DATAGRAM_BATCH)) }

  /// The next datagram of the next batch that nobody was told about yet.
  mutating func announceNext() -> Entry? {
    let next = max(announcedEntries, sentEntries)
    guard next < sentEntries + batchCount else { return nil }
    announcedEntries = next + 1
    return entries[next]
  }

  /// Sends the next datagrams with one system call.
  mutating func sendBatch(_ fd: Int32) -> Transfer {
    unsafe batch.removeAll(keepingCapacity: true)
    for index in sentEntries..<sentEntries + batchCount {
      let entry = entries[index]
      let address = RawAddress(entry.peer, isIPv6: isIPv6)
      unsafe batch.append(
        cgnet_datagram(
          bytes: nil, capacity: 0, count: entry.byteCount, peer: address.storage, peer_length: address.length,
          local: entry.local, is_truncated: false))
    }
    let start = sentBytes
    return unsafe bytes.withUnsafeMutableBytes { bytes in
      unsafe batch.withUnsafeMutableBufferPointer { batch in
        var offset = start
        for index in batch.indices {
          unsafe batch[index].bytes = bytes.baseAddress.map { unsafe $0 + offset }
          unsafe offset += batch[index].count
        }
        return unsafe Syscalls.send(fd, datagrams: batch)
      }
    }
  }

  /// Drops the first `count` datagrams.
  ///
  /// - Returns: the number of their bytes.
  mutating func removeFirst(_ count: Int) -> Int {
    let removed = entries[sentEntries..<sentEntries + count].reduce(0) { $0 + $1.byteCount }
    sentEntries += count
    sentBytes += removed
    if isEmpty {
      entries.removeAll(keepingCapacity: entries.count <= 1024)
      bytes.removeAll(keepingCapacity: bytes.count <= 1 << 18)
      (sentEntries, sentBytes, announcedEntries) = (0, 0, 0)
    } else if sentEntries >= Self.compactionThreshold && sentEntries * 2 >= entries.count {
      forgetSent()
    }
    return removed
  }

  private static let compactionThreshold = 512

  /// Gives the room of what was sent to what is to come: a queue may never run empty.
  ///
  /// - Complexity: O(`count`), of which at least as many were sent since the last time.
  private mutating func forgetSent() {
    entries.removeFirst(sentEntries)
    bytes.removeFirst(sentBytes)
    announcedEntries -= sentEntries
    (sentEntries, sentBytes) = (0, 0)
  }
}

/// Room for a batch of datagrams of any size, shared by a loop's datagram sockets. Memory that is never written
/// to costs nothing, so a load of small datagrams touches one page of each.
@safe
final class DatagramRoom {
  /// More than any datagram holds, so that none is cut.
  static let datagramCapacity = 65536

  let datagrams: UnsafeMutableBufferPointer<cgnet_datagram>
  private let bytes: UnsafeMutableRawPointer

  init() {
    let count = Int(CGNET_DATAGRAM_BATCH)
    unsafe bytes = .allocate(byteCount: count * Self.datagramCapacity, alignment: 64)
    unsafe datagrams = .allocate(capacity: count)
    for index in 0..<count {
      unsafe datagrams.initializeElement(at: index, to: cgnet_datagram())
      unsafe datagrams[index].bytes = bytes + index * Self.datagramCapacity
      unsafe datagrams[index].capacity = Self.datagramCapacity
    }
  }

  deinit {
    unsafe datagrams.deallocate()
    unsafe bytes.deallocate()
  }
}
