import Poller
import SystemPackage
import Testing

@Suite("Triggers")
struct TriggerTests {
  @Test(
    "every trigger reports what holds already when a descriptor is added or modified",
    arguments: Poller.Trigger.all)
  func initialState(_ trigger: Poller.Trigger) throws {
    let poller = try Poller()
    try withPipe { pipe in
      try pipe.right.write(count: 1)
      try poller.add(pipe.left, token: 1, interest: .readable, trigger: trigger)
      #expect(try poller.look().map(\.isReadable) == [true])
      try poller.modify(pipe.left, token: 1, interest: .readable, trigger: trigger)
      #expect(try poller.look().map(\.isReadable) == [true])
    }
  }

  @Test("level: reported in every wait until it is over")
  func level() throws {
    let poller = try Poller()
    try poller.withWatchedPipe(.readable, trigger: .level) { pipe in
      #expect(try poller.look().isEmpty)
      try pipe.right.write(count: 2)
      #expect(try poller.look().count == 1)
      try pipe.left.read(count: 1)
      #expect(try poller.look().count == 1)
      try pipe.left.read(count: 1)
      #expect(try poller.look().isEmpty)
    }
  }

  @Test("edge: reported once, and again when more arrives")
  func edge() throws {
    let poller = try Poller()
    try poller.withWatchedSocketPair(.readable, trigger: .edge) { pair in
      try pair.right.write(count: 2)
      #expect(try poller.look().count == 1)
      #expect(try poller.look().isEmpty)
      try pair.right.write(count: 1)
      #expect(try poller.look().count == 1, "although older bytes are unread")
      #expect(try poller.look().isEmpty)
    }
  }

  @Test("edge: a descriptor that can be written to again is reported")
  func edgeWritable() throws {
    let poller = try Poller()
    try poller.withWatchedSocketPair(.writable, trigger: .edge) { pair in
      #expect(try poller.look().map(\.isWritable) == [true])
      #expect(try poller.look().isEmpty)
      try pair.left.fill()
      _ = try poller.look()
      try pair.right.drain()
      #expect(try poller.look().map(\.isWritable) == [true])
    }
  }

  @Test("one-shot: reported once, until modified")
  func oneShot() throws {
    let poller = try Poller()
    try poller.withWatchedSocketPair(.readable, trigger: .oneShot) { pair in
      try pair.right.write(count: 1)
      #expect(try poller.look().count == 1)
      try pair.right.write(count: 1)
      #expect(try poller.look().isEmpty)
      try poller.modify(pair.left, token: 2, interest: .readable, trigger: .oneShot)
      #expect(try poller.look().map(\.token) == [2])
      #expect(try poller.look().isEmpty)
    }
  }

  @Test("one-shot: one direction's event silences both")
  func oneShotBoth() throws {
    let poller = try Poller()
    try poller.withWatchedSocketPair([.readable, .writable], trigger: .oneShot) { pair in
      #expect(try poller.look().map(\.isWritable) == [true])
      try pair.right.write(count: 1)
      #expect(try poller.look().isEmpty, "readable, but already reported once")

      try pair.left.fill()
      try poller.modify(pair.left, token: 2, interest: [.readable, .writable], trigger: .oneShot)
      #expect(try poller.look().map(\.description) == ["2: readable"])
      try pair.right.drain()
      #expect(try poller.look().isEmpty, "writable, but already reported once")

      try poller.modify(pair.left, token: 3, interest: [.readable, .writable], trigger: .oneShot)
      #expect(try poller.look().map(\.description) == ["3: readable, writable"])
      #expect(try poller.look().isEmpty)
    }
  }

  @Test("one-shot: re-armed by the body that handles the event")
  func rearmed() throws {
    let poller = try Poller()
    try withSocketPair { pair in
      try pair.right.write(count: 3)
      try poller.add(pair.left, token: 1, interest: [.readable, .writable], trigger: .oneShot)
      for _ in 0..<3 {
        var failure: Errno?
        let count = try poller.wait(timeout: .zero) { event in
          do throws(Errno) {
            try poller.modify(
              pair.left, token: event.token, interest: [.readable, .writable], trigger: .oneShot)
          } catch {
            failure = error
          }
        }
        #expect(count == 1)
        #expect(failure == nil)
      }
    }
  }

  @Test("a disarmed registration is still registered")
  func disarmed() throws {
    let poller = try Poller()
    try poller.withWatchedSocketPair(.readable, trigger: .oneShot) { pair in
      try pair.right.write(count: 1)
      #expect(try poller.look().count == 1)
      try poller.remove(pair.left)
      #expect(throws: Errno.noSuchFileOrDirectory) { try poller.remove(pair.left) }
    }
  }

  @Test("a modification changes the trigger")
  func changed() throws {
    let poller = try Poller()
    try poller.withWatchedPipe(.readable, trigger: .edge) { pipe in
      try pipe.right.write(count: 1)
      #expect(try poller.look().count == 1)
      try poller.modify(pipe.left, token: 1, interest: .readable, trigger: .level)
      #expect(try poller.look().count == 1)
      #expect(try poller.look().count == 1)
      try poller.modify(pipe.left, token: 1, interest: .readable, trigger: .edge)
      #expect(try poller.look().count == 1)
      #expect(try poller.look().isEmpty)
    }
  }
}
