import TestSupport

@testable import Gnet

/// Notes every call that a server makes: of its callbacks and of its plugins.
struct CallRecorder: Plugin {
  let calls = Log<String>()

  /// Events that note their calls, with this as a plugin.
  var events: Events {
    var events = Events()
    events.onInitComplete = { _ in calls.note("onInitComplete") }
    events.onOpened = { _ in calls.note("onOpened") }
    events.onClosed = { _, error in calls.note(error.map { "onClosed: \($0)" } ?? "onClosed") }
    events.react = { connection, input in
      connection.write(moving: &input)
      return calls.note("react")
    }
    events.tick = { (.seconds(3600), calls.note("tick")) }
    events.install(self)
    return events
  }

  func started(_ server: Server) { calls.add("started") }

  func tick(_ loop: EventLoop) -> Duration? {
    calls.add("plugin's tick")
    return nil
  }

  func stopped(_ server: Server) { calls.add("stopped") }

  /// The number of times that a call was made.
  func count(of call: String) -> Int { calls.values.count { $0 == call } }
}

/// A running server that several threads share: dropped with the last reference.
final class SharedServer: Sendable {
  let running: RunningServer

  init(_ running: consuming RunningServer) { self.running = running }
}
