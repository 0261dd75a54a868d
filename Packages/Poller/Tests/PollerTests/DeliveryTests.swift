import Poller
import SystemPackage
import Testing

@Suite("Delivery")
struct DeliveryTests {
  @Test("the body may modify and remove what it is told of")
  func changesSelf() throws {
    let poller = try Poller()
    try poller.withWatchedSocketPair(.readable) { pair in
      try pair.right.write(count: 1)
      let modified = Result {
        try poller.wait(timeout: .zero) { event in
          #expect(throws: Never.self) { try poller.modify(pair.left, token: 2, interest: .writable) }
        }
      }
      #expect(try modified.get() == 1)
      let removed = try poller.wait(timeout: .zero) { event in
        #expect(event.token == 2)
        #expect(event.isWritable)
        #expect(throws: Never.self) { try poller.remove(pair.left) }
      }
      #expect(removed == 1)
      #expect(try poller.look().isEmpty)
    }
  }

  @Test("the body may add, which the next wait reports")
  func adds() throws {
    let poller = try Poller()
    try poller.withWatchedSocketPair(.writable) { pair in
      let count = try poller.wait(timeout: .zero) { event in
        #expect(event.token == 1)
        #expect(throws: Never.self) { try poller.add(pair.right, token: 2, interest: .writable) }
      }
      #expect(count == 1)
      #expect(Set(try poller.look().map(\.token)) == [1, 2])
    }
  }

  @Test("removing others in the body does not disturb delivery")
  func removesOthers() throws {
    let poller = try Poller()
    try poller.withWatchedSocketPair(.writable) { pair in
      try poller.add(pair.right, token: 2, interest: .writable)
      var tokens: Set<Poller.Token> = []
      let count = try poller.wait(timeout: .zero) { event in
        tokens.insert(event.token)
        if tokens.count == 1 {
          #expect(throws: Never.self) { try poller.remove(event.token == 1 ? pair.right : pair.left) }
        }
      }
      #expect(count == 2, "received before the removal")
      #expect(tokens == [1, 2])
      #expect(try poller.look().count == 1)
    }
  }

  @Test("more ready descriptors than one wait delivers all get their turn", arguments: Poller.Trigger.all)
  func fairness(_ trigger: Poller.Trigger) throws {
    let poller = try Poller()
    let count = 700
    try withPipe { pipe in
      try pipe.right.write(count: 1)
      let copies = try poller.addCopies(count, of: pipe.left, .readable, trigger: trigger)
      defer { copies.forEach { try? $0.close() } }
      var seen: [UInt64: Int] = [:]
      for _ in 0..<3 {
        for event in try poller.look() { seen[event.token.rawValue, default: 0] += 1 }
      }
      #expect(seen.count == count, "three waits of 256 see all of 700")
      if trigger != .level {
        #expect(seen.values.allSatisfy { $0 == 1 })
        #expect(try poller.look().isEmpty)
      }
    }
  }

  @Test("many descriptors ready in both directions are one event each")
  func oneEventEach() throws {
    let poller = try Poller()
    try withSocketPair { pair in
      try pair.right.write(count: 1)
      let copies = try poller.addCopies(100, of: pair.left, [.readable, .writable], trigger: .oneShot)
      defer { copies.forEach { try? $0.close() } }
      let events = try poller.look()
      #expect(events.count == 100)
      #expect(Set(events.map(\.token)).count == 100)
      #expect(events.allSatisfy { $0.isReadable && $0.isWritable })
      #expect(try poller.look().isEmpty)
    }
  }

  @Test("an event received for a descriptor that was closed meanwhile has the old token, not that of its successor")
  func staleEvent() throws {
    let poller = try Poller()
    try withSocketPair { pair in
      try withSocketPair { successor in
        try poller.add(pair.left, token: 1, interest: .writable)
        try poller.add(pair.right, token: 2, interest: .writable)
        var tokens: [Poller.Token] = []
        try poller.wait(timeout: .zero) { event in
          tokens.append(event.token)
          guard tokens.count == 1 else { return }
          let other = event.token == 1 ? pair.right : pair.left
          #expect(throws: Never.self) {
            try poller.remove(other)
            // Closes the descriptor and gives its number to the successor.
            _ = try successor.left.duplicate(as: other)
            try poller.add(other, token: 3, interest: .writable)
          }
        }
        #expect(Set(tokens) == [1, 2])
        #expect(Set(try poller.look().map(\.token)) == [tokens[0], 3])
      }
    }
  }

  @Test(
    "more descriptors ready in both directions than one wait takes all get their turn", arguments: Poller.Trigger.all)
  func fairnessInBothDirections(_ trigger: Poller.Trigger) throws {
    let poller = try Poller()
    let count = 300
    try withSocketPair { pair in
      try pair.right.write(count: 1)
      let copies = try poller.addCopies(count, of: pair.left, [.readable, .writable], trigger: trigger)
      defer { copies.forEach { try? $0.close() } }
      var readable: Set<Poller.Token> = []
      var writable: Set<Poller.Token> = []
      for _ in 0..<4 {
        for event in try poller.look() {
          if event.isReadable { readable.insert(event.token) }
          if event.isWritable { writable.insert(event.token) }
        }
      }
      // kevent(2) "returns the number of events placed in the eventlist, up to the value given by nevents", and the others
      // stay on the queue. libkqueue takes that many descriptors from epoll and drops the filters beyond the capacity of the
      // list: they miss a wait, and an edge does not come again.
      withKnownIssue("libkqueue drops filters beyond the capacity of the list") {
        #expect(readable.union(writable).count == count)
        if trigger != .oneShot { #expect(readable.count == count && writable.count == count) }
      } when: {
        Poller.isEmulated
      }
    }
  }

  @Test("waiting in the body is a precondition failure")
  func nestedWait() async {
    await #expect(processExitsWith: .failure) {
      let poller = try Poller()
      poller.waker.wake()
      try poller.wait(timeout: .zero) { _ in
        _ = try? poller.wait(timeout: .zero) { _ in }
      }
    }
  }
}
