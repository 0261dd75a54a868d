import Foundation
import Poller
import RingBuffer
import Synchronization
import SystemPackage

/// The alternative to handles that a user would write. Messages wait in an array behind a mutex. The loop takes all of
/// them at once, and sends the messages for each connection by one call.
final class MutexTarget: Target, @unchecked Sendable {
  private let mailbox = Mutex<[(connection: Int, bytes: [UInt8])]>([])
  private let isEnding = Atomic(false)
  private let waker: Poller.Waker
  private let ended = DispatchSemaphore(value: 0)
  // The loop's own.
  private let descriptors: [Int32]
  private var effort = Effort()

  init(connections: Int, receivers: Receivers) throws {
    descriptors = try (0..<connections).map { _ in try receivers.connectPair() }
    let poller = try Poller()
    waker = poller.waker
    for (index, descriptor) in descriptors.enumerated() {
      try poller.add(
        FileDescriptor(rawValue: descriptor), token: Poller.Token(rawValue: UInt64(index)), interest: .writable,
        trigger: .edge)
    }
    let box = Box(poller)
    Thread.detachNewThread { [self] in
      serve(box.take())
      ended.signal()
    }
  }

  func write(_ message: [UInt8], to connection: Int) {
    let isFirst = mailbox.withLock { mailbox in
      mailbox.append((connection, message))
      return mailbox.count == 1
    }
    if isFirst { waker.wake() }
  }

  func stop() -> Effort {
    isEnding.store(true, ordering: .releasing)
    waker.wake()
    ended.wait()
    return effort
  }

  private func serve(_ poller: consuming Poller) {
    let outputs = (0..<descriptors.count).map { _ in Output() }
    var touched: [Int] = []
    var batch: [(connection: Int, bytes: [UInt8])] = []
    while !isEnding.load(ordering: .acquiring) {
      do {
        try poller.wait(timeout: nil) { event in
          if event.isWake { effort.wakeUps += 1 } else { touched.append(Int(event.token.rawValue)) }
        }
      } catch {
        fatalError("\(error)")
      }
      mailbox.withLock { swap(&$0, &batch) }
      for message in batch {
        if outputs[message.connection].bytes.isEmpty { touched.append(message.connection) }
        outputs[message.connection].bytes.write(message.bytes)
      }
      batch.removeAll(keepingCapacity: true)
      for index in touched { effort.sends += outputs[index].send(descriptors[index]) }
      touched.removeAll(keepingCapacity: true)
    }
  }

  private final class Output {
    var bytes = RingBuffer()

    /// Sends as much as the kernel takes, and returns in how many calls.
    func send(_ descriptor: Int32) -> UInt64 { Self.send(&bytes, descriptor) }

    private static func send(_ bytes: inout RingBuffer, _ descriptor: Int32) -> UInt64 {
      var count: UInt64 = 0
      while !bytes.isEmpty {
        count += 1
        let sent = bytes.readable.first.withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, 0) }
        guard sent > 0 else { break }
        bytes.discard(sent)
      }
      return count
    }
  }

  private final class Box: @unchecked Sendable {
    private var poller: Poller?
    init(_ poller: consuming Poller) { self.poller = .some(poller) }
    func take() -> Poller { poller.take()! }
  }
}
