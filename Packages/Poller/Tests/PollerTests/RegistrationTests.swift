import Poller
import SystemPackage
import Testing

@Suite("Registration")
struct RegistrationTests {
  @Test("a token comes back as it was given", arguments: [0, 1, 1 << 32, 1 << 63, UInt64.max - 1])
  func token(_ value: UInt64) throws {
    let poller = try Poller()
    try withPipe { pipe in
      try poller.add(pipe.left, token: Poller.Token(rawValue: value), interest: .readable)
      try pipe.right.write(count: 1)
      let events = try poller.collect()
      #expect(events.map(\.token.rawValue) == [value])
    }
  }

  @Test("a modification replaces the token")
  func modifiedToken() throws {
    let poller = try Poller()
    try poller.withWatchedPipe(.readable) { pipe in
      try pipe.right.write(count: 1)
      try poller.modify(pipe.left, token: 2, interest: .readable)
      let events = try poller.collect()
      #expect(events.map(\.token) == [2])
    }
  }

  @Test("a modification replaces the interest")
  func modifiedInterest() throws {
    let poller = try Poller()
    try poller.withWatchedSocketPair(.readable) { pair in
      try pair.right.write(count: 1)
      #expect(try poller.collect().map(\.description) == ["1: readable"])
      try poller.modify(pair.left, token: 1, interest: .writable)
      #expect(try poller.collect().map(\.description) == ["1: writable"])
      try poller.modify(pair.left, token: 1, interest: [.readable, .writable])
      #expect(
        try poller.collect().map(\.description) == ["1: readable, writable"], "one event for both directions")
    }
  }

  @Test("an empty interest pauses, whatever the trigger", arguments: Poller.Trigger.all)
  func paused(_ trigger: Poller.Trigger) throws {
    let poller = try Poller()
    try withSocketPair { pair in
      try pair.right.write(count: 1)
      try poller.add(pair.left, token: 1, interest: [], trigger: trigger)
      #expect(try poller.look().isEmpty)
      try poller.modify(pair.left, token: 1, interest: .readable, trigger: trigger)
      #expect(try poller.look().count == 1)
      try poller.modify(pair.left, token: 1, interest: [], trigger: trigger)
      #expect(try poller.look().isEmpty)
      try poller.remove(pair.left)
      #expect(throws: Errno.noSuchFileOrDirectory) { try poller.remove(pair.left) }
    }
  }

  @Test("a paused registration does not spin when its peer ends", arguments: [false, true])
  func pausedHangup(_ isHalf: Bool) throws {
    let poller = try Poller()
    try poller.withWatchedSocketPair([]) { pair in
      if isHalf { try pair.right.shutdownSending() } else { try pair.closeRight() }
      let first = try poller.look()
      #expect(first.count <= (isHalf ? 0 : 1))
      #expect(try poller.look().isEmpty)
      try poller.modify(pair.left, token: 1, interest: .readable)
      let events = try poller.look()
      #expect(events.map(\.isPeerClosed) == [true])
    }
  }

  @Test("a removed descriptor reports nothing and can be added again")
  func removal() throws {
    let poller = try Poller()
    try poller.withWatchedPipe(.readable) { pipe in
      try pipe.right.write(count: 1)
      try poller.remove(pipe.left)
      #expect(try poller.look().isEmpty)
      try poller.add(pipe.left, token: 2, interest: .readable)
      #expect(try poller.look().map(\.token) == [2])
    }
  }

  @Test("one descriptor can be registered with several pollers")
  func severalPollers() throws {
    let first = try Poller()
    let second = try Poller()
    try withPipe { pipe in
      try first.add(pipe.left, token: 1, interest: .readable)
      try second.add(pipe.left, token: 2, interest: .readable)
      try pipe.right.write(count: 1)
      #expect(try first.look().map(\.token) == [1])
      #expect(try second.look().map(\.token) == [2])
    }
  }

  @Test("a descriptor that is not registered cannot be modified or removed")
  func notRegistered() throws {
    let poller = try Poller()
    try withPipe { pipe in
      #expect(throws: Errno.noSuchFileOrDirectory) {
        try poller.modify(pipe.left, token: 1, interest: .readable)
      }
      #expect(throws: Errno.noSuchFileOrDirectory) { try poller.remove(pipe.left) }
      try pipe.right.write(count: 1)
      #expect(try poller.look().isEmpty, "nor does the attempt register it")
    }
  }

  @Test("a descriptor that is not open is a bad descriptor")
  func notOpen() throws {
    let poller = try Poller()
    let closed = FileDescriptor(rawValue: 1_000_000)
    #expect(throws: Errno.badFileDescriptor) { try poller.add(closed, token: 1, interest: .readable) }
    #expect(throws: Errno.badFileDescriptor) { try poller.add(closed, token: 1, interest: []) }
    // kevent(2): "EBADF: The specified descriptor is invalid." "ENOENT: The event could not be found to be modified or
    // deleted." The kernels look the descriptor up first.
    withKnownIssue("libkqueue looks for the registration first") {
      #expect(throws: Errno.badFileDescriptor) { try poller.modify(closed, token: 1, interest: .readable) }
      #expect(throws: Errno.badFileDescriptor) { try poller.remove(closed) }
    } when: {
      Poller.isEmulated
    }
  }

  @Test("adding twice is an error with epoll", .enabled(if: Poller.backend == .epoll))
  func addedTwice() throws {
    let poller = try Poller()
    try poller.withWatchedPipe(.readable) { pipe in
      #expect(throws: Errno.fileExists) { try poller.add(pipe.left, token: 2, interest: .readable) }
      try pipe.right.write(count: 1)
      #expect(try poller.look().map(\.token) == [1], "the registration is as it was")
    }
  }

  @Test("a regular file is refused by epoll", .enabled(if: Poller.backend == .epoll))
  func regularFile() throws {
    let poller = try Poller()
    let file = try FileDescriptor.open(FilePath(#filePath), .readOnly)
    defer { try? file.close() }
    #expect(throws: Errno.notPermitted) { try poller.add(file, token: 1, interest: .readable) }
  }

  @Test("the poller's own token is a precondition failure")
  func reservedToken() async {
    await #expect(processExitsWith: .failure) {
      let poller = try Poller()
      try poller.add(.standardError, token: Poller.Token(rawValue: .max), interest: .writable)
    }
    await #expect(processExitsWith: .failure) {
      let poller = try Poller()
      try poller.modify(.standardError, token: Poller.Token(rawValue: .max), interest: .writable)
    }
  }
}

extension Poller.Trigger {
  static var all: [Self] { [.level, .edge, .oneShot] }
}
