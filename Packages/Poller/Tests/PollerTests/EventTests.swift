import Poller
import SystemPackage
import TestSupport
import Testing

@Suite("Events")
struct EventTests {
  @Test("a peer that has shut its sending half down is readable and closed, with bytes unread")
  func halfClose() throws {
    let poller = try Poller()
    try poller.withWatchedSocketPair(.readable) { pair in
      try pair.right.write(count: 3)
      try pair.right.shutdownSending()
      let events = try poller.look()
      #expect(events.map(\.isReadable) == [true])
      #expect(events.map(\.isError) == [false])
      #expect(events.map(\.isPeerClosed) == [true])
      #expect(try pair.left.read(count: 8) == 3)
      #expect(try poller.look().map(\.isReadable) == [true], "the end of the stream is to be read")
      #expect(try pair.left.read(count: 8) == 0)
    }
  }

  @Test("a half-closed TCP peer is readable and closed, and can still be written to")
  func halfCloseTCP() throws {
    let poller = try Poller()
    try withConnection { pair in
      try poller.add(pair.left, token: 1, interest: [.readable, .writable])
      try pair.right.shutdownSending()
      let isSeen = try eventually { try poller.look().contains { $0.isPeerClosed && $0.isReadable } }
      #expect(isSeen)
      let events = try poller.look()
      #expect(events.map(\.isWritable) == [true])
      #expect(events.map(\.isError) == [false])
    }
  }

  @Test("a peer that sends nothing more does not disturb who only writes")
  func halfCloseUnread() throws {
    let poller = try Poller()
    try withSocketPair { pair in
      try pair.left.fill()
      try poller.add(pair.left, token: 1, interest: .writable)
      try pair.right.shutdownSending()
      #expect(try poller.look().isEmpty)
    }
  }

  @Test("a closed peer, or a pipe without a writer, is readable and closed", arguments: [false, true])
  func close(isPipe: Bool) throws {
    let poller = try Poller()
    func closeRight(of pair: Pair) throws {
      try pair.closeRight()
      let events = try poller.look()
      #expect(events.map(\.isReadable) == [true])
      #expect(events.map(\.isPeerClosed) == [true])
      #expect(try pair.left.read(count: 1) == 0)
    }
    if isPipe {
      try poller.withWatchedPipe(.readable, closeRight)
    } else {
      try poller.withWatchedSocketPair(.readable, closeRight)
    }
  }

  @Test("a pipe without a reader is writable, full or not, and says why", arguments: [false, true])
  func readerGone(_ isFull: Bool) throws {
    let poller = try Poller()
    try withPipe { pipe in
      if isFull { try pipe.right.fill() }
      try poller.add(pipe.right, token: 1, interest: .writable)
      try pipe.closeLeft()
      let events = try poller.look()
      #expect(events.map(\.isWritable) == [true])
      #expect(events.map { $0.isError || $0.isPeerClosed } == [true])
    }
  }

  @Test("a reset connection is an error, readable and writable")
  func reset() throws {
    let poller = try Poller()
    try withConnection { pair in
      try poller.add(pair.left, token: 1, interest: .readable)
      try pair.right.resetOnClose()
      try pair.closeRight()
      let events = try poller.collect()
      #expect(events.map(\.isError) == [true])
      #expect(events.map(\.isReadable) == [true])
      #expect(events.map(\.isWritable) == [true])
      #expect(events.map(\.isPeerClosed) == [true])
      withErrorLeftOnSocket { #expect(throws: Errno.connectionReset) { try pair.left.read(count: 1) } }
    }
  }

  @Test("a refused connection is an error and writable")
  func refused() throws {
    let poller = try Poller()
    try withRefusedConnection { client in
      try poller.add(client, token: 1, interest: .writable)
      let events = try poller.collect()
      #expect(events.map(\.isError) == [true])
      #expect(events.map(\.isWritable) == [true])
      withErrorLeftOnSocket { #expect(throws: Errno.connectionRefused) { try client.read(count: 1) } }
    }
  }

  /// Makes expectations that depend on an error still being on the socket after its report.
  ///
  /// kqueue(2) "returns the socket error (if any) in fflags" along with `EV_EOF`, and leaves it on the socket. libkqueue
  /// asks for it with `getsockopt(2)` and `SO_ERROR`, which "returns any pending error on the socket and clears the error
  /// status".
  private func withErrorLeftOnSocket(_ body: () -> Void) {
    withKnownIssue("libkqueue takes the error off the socket", body) {
      Poller.isEmulated
    }
  }

  @Test(
    "who watches for writing as an edge hears of a peer that is gone, and of nothing before", arguments: [false, true])
  func end(isReset: Bool) throws {
    let poller = try Poller()
    try (isReset ? withConnection : withSocketPair) { pair in
      try poller.add(pair.left, token: 1, interest: .writable, trigger: .edge)
      #expect(try poller.look().map(\.description) == ["1: writable"])
      try pair.right.write(count: 1)
      #expect(try poller.look().isEmpty)
      if isReset { try pair.right.resetOnClose() }
      try pair.closeRight()
      let events = try poller.collect()
      #expect(events.map(\.isReadable) == [true])
      #expect(events.map(\.isPeerClosed) == [true])
      #expect(events.map(\.isError) == [isReset])
      #expect(try poller.look().isEmpty)
    }
  }

  @Test("an event prints as its token and its flags")
  func description() throws {
    let poller = try Poller()
    try withSocketPair { pair in
      try poller.add(pair.left, token: 7, interest: [.readable, .writable])
      #expect(try poller.look().map(\.description) == ["7: writable"])
      try pair.right.shutdownSending()
      #expect(try poller.look().map(\.description) == ["7: readable, writable, peer closed"])
      try poller.remove(pair.left)
      poller.waker.wake()
      #expect(try poller.look().map(\.description) == ["wake"])
    }
  }

  @Test("an event is small: a token and a byte")
  func size() {
    #expect(MemoryLayout<Poller.Event>.size == 9)
  }
}
