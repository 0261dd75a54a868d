internal import Disruptor
internal import Synchronization

/// A message of another thread to a loop.
enum Message: ~Copyable, Sendable {
  /// A connection was accepted for this loop.
  case adopt(AcceptedSocket)
  /// An outbound connection is to be established, or its host was looked up.
  case dial(Dial)
  /// Calls wait in the queue of a connection's handle.
  case calls(HandleQueue)
  /// A timer that is to be set, or was taken back.
  case timer(ScheduledTimer)
  /// A job of Swift concurrency that is to run on this loop.
  case job(UnownedJob)
}

/// The messages for one loop: from any thread, never refused, each sender's in its order.
///
/// They go through a `Disruptor`. When that is full, messages go behind a lock into a list instead, until the loop has
/// emptied the list: a loop that floods itself or another neither waits nor drops. The list is bounded: connections are
/// bounded by descriptors, and a handle's queue has one message at a time.
///
/// Order: once a sender has put a message in the list, it finds `isOverflowing` set until the loop has
/// emptied the list, so none of its later messages overtakes through the ring. The loop takes the list, and serves the
/// list when it has seen the ring empty after that, claimed slots included: a sender's messages in the ring are served
/// before its messages in the list.
final class Mailbox: Sendable {
  private struct Overflow: ~Copyable {
    var first: Node?
    var last: Node?
    /// The list that the loop has taken and is about to serve.
    var taken: Node?

    /// Whether the list has both ends, or none.
    var isConsistent: Bool { (first == nil) == (last == nil) && last?.next == nil }
  }

  // Reachable from one place at a time: the list, behind its lock, and then the loop that has taken the list.
  private final class Node: @unchecked Sendable {
    var message: Message?
    var next: Node?
    init(_ message: consuming Message) { self.message = .some(message) }

    // Without it, a long list is released by recursion.
    deinit {
      var rest = next.take()
      while let node = rest { rest = node.next.take() }
    }
  }

  private let ring: Disruptor<Message>
  private let overflow = Lock(Overflow())
  private let isOverflowing = Atomic<Bool>(false)

  init(capacity: Int) { ring = Disruptor(capacity: capacity) }

  /// Whether there is nothing to drain, as far as the calling thread can know.
  var isEmpty: Bool { ring.isEmpty && !isOverflowing.load(ordering: .acquiring) }

  /// Adds a message; the loop is to be woken afterwards.
  func post(_ message: consuming Message) {
    if isOverflowing.load(ordering: .acquiring) {
      list(message)
    } else if let refused = ring.tryPublish(message) {
      list(refused)
    }
  }

  private func list(_ message: consuming Message) {
    let node = Node(message)
    overflow.withLock { overflow in
      assert(overflow.isConsistent)
      if let last = overflow.last { last.next = node } else { overflow.first = node }
      overflow.last = node
      assert(overflow.isConsistent)
      isOverflowing.store(true, ordering: .releasing)
    }
  }

  /// Serves the present messages. Messages that are added meanwhile may be left for the next time.
  ///
  /// To be called by the loop's thread only.
  ///
  /// - Returns: how many were served.
  func drain(_ body: (consuming Message) -> Void) -> Int {
    if isOverflowing.load(ordering: .acquiring) {
      overflow.withLock { overflow in
        assert(overflow.isConsistent)
        if overflow.taken != nil { return }
        overflow.taken = overflow.first
        overflow.first = nil
        overflow.last = nil
      }
    }
    let count = ring.drain(limit: ring.capacity, body)
    guard isOverflowing.load(ordering: .acquiring), ring.isEmpty else { return count }
    return count + serveOverflow(body)
  }

  private func serveOverflow(_ body: (consuming Message) -> Void) -> Int {
    var count = 0
    var next = overflow.withLock { $0.taken.take() }
    while let node = next {
      body(node.message.take()!)
      count += 1
      next = node.next.take()
    }
    overflow.withLock { overflow in
      assert(overflow.taken == nil && overflow.isConsistent)
      if overflow.first == nil { isOverflowing.store(false, ordering: .releasing) }
    }
    return count
  }
}
