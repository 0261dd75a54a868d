import Testing
import Poller
@Test func smoke() throws {
  let poller = try Poller()
  poller.waker.wake(); poller.waker.wake()
  var seen: [Poller.Event] = []
  let n = try poller.wait(timeout: .seconds(5)) { seen.append($0) }
  #expect(n == 1)
  #expect(seen.first?.isWake == true)
  let z = try poller.wait(timeout: .microseconds(200)) { _ in }
  #expect(z == 0)
}
