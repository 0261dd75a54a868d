// Uses the public API as programs do. Exits with status 0 if it behaves as documented.
import Poller
import SystemPackage

func require(_ condition: Bool, line: UInt = #line) {
  precondition(condition, "line \(line)")
}

func usePoller() throws(Errno) {
  let poller = try Poller()
  switch Poller.backend {
  case .epoll, .kqueue: break
  }
  let pipe: (readEnd: FileDescriptor, writeEnd: FileDescriptor)
  do { pipe = try FileDescriptor.pipe() } catch { throw error as! Errno }
  let token = Poller.Token(rawValue: 7)
  try poller.add(pipe.readEnd, token: token, interest: .readable)
  require(try poller.wait(timeout: .zero) { _ in } == 0)
  do { try pipe.writeEnd.writeAll("x".utf8) } catch { throw error as! Errno }
  var seen: [Poller.Token] = []
  let count = try poller.wait(timeout: .seconds(5)) { event in
    require(event.isReadable && !event.isWritable && !event.isPeerClosed && !event.isError && !event.isWake)
    seen.append(event.token)
  }
  require(count == 1 && seen == [token])
  for trigger in [Poller.Trigger.level, .edge, .oneShot] {
    try poller.modify(pipe.readEnd, token: token, interest: [.readable, .writable], trigger: trigger)
  }
  try poller.remove(pipe.readEnd)
  let start = Poller.Instant.now
  let deadline = start + .milliseconds(1)
  require(try poller.wait(until: deadline, now: start) { _ in } == 0)
  require(Poller.Instant.now >= deadline && deadline < .never)
  require(deadline - start == .milliseconds(1) && deadline.duration(since: start) == .milliseconds(1))
  require(Poller.Instant.nanoseconds(of: .seconds(1)) == Poller.Instant(nanoseconds: 1_000_000_000).nanoseconds)
  let waker: any Sendable & Copyable = poller.waker
  _ = waker
  poller.waker.wake()
  require(try poller.wait(timeout: nil) { require($0.isWake) } == 1)
}

try usePoller()
try useLoops()
