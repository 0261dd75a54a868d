import Foundation
import Gnet
import Synchronization

/// The handles of a server's connections.
final class GnetTarget: Target {
  private let server: Server
  private let handles: [ConnectionHandle]
  private let ended = DispatchSemaphore(value: 0)

  init(path: String, connections: Int, receivers: Receivers) throws {
    let opened = Mutex<[ConnectionHandle]>([])
    let started = Mutex<Server?>(nil)
    let isReady = DispatchSemaphore(value: 0)
    var events = Events()
    events.onInitComplete = { server in
      started.withLock { $0 = server }
      isReady.signal()
      return .none
    }
    events.onOpened = { connection in
      let handle = connection.handle
      opened.withLock { $0.append(handle) }
      isReady.signal()
      return .none
    }
    let ended = self.ended
    Thread.detachNewThread { [events] in
      do {
        try serve(events, on: ["unix://\(path)"])
      } catch {
        fatalError("\(error)")
      }
      ended.signal()
    }
    isReady.wait()
    for _ in 0..<connections {
      try receivers.connect(toUnixSocketAt: path)
      isReady.wait()
    }
    server = started.withLock { $0! }
    handles = opened.withLock { $0 }
  }

  func write(_ message: [UInt8], to connection: Int) {
    // Refused: the connection's watermark is reached.
    while !handles[connection].write(message) { sched_yield() }
  }

  func stop() -> Effort {
    // The end is a wake-up more.
    let wakeUps = server.loops[0].statistics.wakeups
    server.shutdown()
    ended.wait()
    return Effort(wakeUps: wakeUps, sends: server.loops[0].statistics.writes)
  }
}
