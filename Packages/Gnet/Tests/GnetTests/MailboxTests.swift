import Synchronization
import TestSupport
import Testing

@testable import Gnet

@Suite struct MailboxTests {
  @Test(
    "messages come out in the order they went in, also where the ring is too small for them",
    arguments: 0..<20 as Range<UInt64>)
  func model(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let mailbox = Mailbox(capacity: [1, 2, 4, 64].randomElement(using: &random)!)
    var model: [Int] = []
    var next = 0
    for _ in 0..<500 {
      if Bool.random(using: &random) {
        for _ in 0..<Int.random(in: 0..<12, using: &random) {
          mailbox.post(.numbered(next))
          model.append(next)
          next += 1
        }
      } else {
        var taken: [Int] = []
        let count = mailbox.drain { message in taken.append(number(of: message)) }
        #expect(count == taken.count)
        #expect(taken == Array(model.prefix(taken.count)))
        #expect(!taken.isEmpty || model.isEmpty)
        model.removeFirst(taken.count)
      }
      #expect(mailbox.isEmpty == model.isEmpty)
    }
  }

  @Test("what several threads send arrives once each, every thread's in its order", arguments: [1, 2, 1024])
  func producers(capacity: Int) throws {
    let mailbox = Mailbox(capacity: capacity)
    let (threads, each) = (4, 20_000)
    let starters = Atomic<Int>(0)
    for thread in 0..<threads {
      TestThread.detach {
        starters.add(1, ordering: .acquiringAndReleasing)
        while starters.load(ordering: .acquiring) < threads {}
        for index in 0..<each { mailbox.post(.numbered(thread << 32 | index)) }
      }
    }
    var expected = [Int](repeating: 0, count: threads)
    var total = 0
    var isOrdered = true
    try require("all messages arrive", within: .seconds(60)) {
      while !mailbox.isEmpty {
        total += mailbox.drain { message in
          let number = number(of: message)
          isOrdered = isOrdered && expected[number >> 32] == number & 0xffff_ffff
          expected[number >> 32] = number & 0xffff_ffff + 1
        }
      }
      return total >= threads * each
    }
    #expect(isOrdered)
    #expect(expected == Array(repeating: each, count: threads))
    #expect(total == threads * each)
    #expect(mailbox.isEmpty)
  }

  @Test("the one who serves messages may send more from there, without waiting and without loss")
  func postingWhileDraining() {
    let mailbox = Mailbox(capacity: 2)
    mailbox.post(.numbered(0))
    var next = 1
    var taken: [Int] = []
    while !mailbox.isEmpty {
      _ = mailbox.drain { message in
        taken.append(number(of: message))
        while next < 200_000 && next < taken.count * 500 {
          mailbox.post(.numbered(next))
          next += 1
        }
      }
    }
    #expect(taken == Array(0..<200_000))
  }

  @Test("a mailbox full of messages that nobody takes can be dropped")
  func dropped() {
    do {
      let mailbox = Mailbox(capacity: 4)
      for index in 0..<300_000 { mailbox.post(.numbered(index)) }
    }
  }
}

extension Message {
  /// A message that carries a number and nothing else.
  static func numbered(_ number: Int) -> Message {
    .adopt(
      AcceptedSocket(
        socket: OwnedSocket(adopting: -1, of: Kernel.shared), addressIndex: number,
        remote: SocketAddress(.unix(path: "")),
        adoption: nil))
  }
}

private func number(of message: consuming Message) -> Int {
  switch consume message {
  case .adopt(let connection): connection.addressIndex
  default: -1
  }
}
