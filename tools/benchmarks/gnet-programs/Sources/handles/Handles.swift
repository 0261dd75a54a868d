// Writes messages to many connections from one thread outside their loop, and prints the time.
import ArgumentParser
import Foundation

@main
struct Handles: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes messages to connections from another thread than their loop's, and measures it.")

  enum Way: String, CaseIterable, ExpressibleByArgument {
    /// `ConnectionHandle.write`.
    case gnet
    /// A loop of a few lines on Poller, whose mailbox is an array behind a mutex.
    case mutex
  }

  @Argument(help: "How messages get to the loop: gnet or mutex.")
  var way: Way

  @Option(help: "How many messages are written, to one connection after the other.")
  var messages = 1_000_000

  @Option(help: "The number of connections.")
  var connections = 100

  @Option(help: "The bytes of a message.")
  var size = 64

  func validate() throws {
    guard messages > 0, connections > 0, size > 0 else {
      throw ValidationError("--messages, --connections and --size must be more than 0.")
    }
  }

  func run() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("handles-\(getpid())").path
    defer { unlink(path) }
    let receivers = Receivers(expecting: messages * size)
    let message = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
    let target: any Target
    switch way {
    case .gnet: target = try GnetTarget(path: path, connections: connections, receivers: receivers)
    case .mutex: target = try MutexTarget(connections: connections, receivers: receivers)
    }
    receivers.start()

    let clock = ContinuousClock()
    let start = clock.now
    let usageAtStart = processorTime()
    writeAll(messages, of: message, to: connections, target)
    receivers.waitForEnd()
    let elapsed = clock.now - start
    let used = processorTime() - usageAtStart
    let effort = target.stop()

    let rate = Double(messages) / (elapsed / .seconds(1))
    let figures: [String: Double] = [
      "rate": rate, "processorTime": used * 1e9 / Double(messages),
      "wakeUps": Double(effort.wakeUps) / Double(messages), "sends": Double(effort.sends) / Double(messages),
    ]
    print(String(decoding: try JSONSerialization.data(withJSONObject: figures, options: .sortedKeys), as: UTF8.self))
  }

  /// The part that is measured; the arguments are copies, since those of a command are slow to look up.
  private func writeAll(_ messages: Int, of message: [UInt8], to connections: Int, _ target: some Target) {
    for number in 0..<messages { target.write(message, to: number % connections) }
  }

  /// The processor time that the process has used so far, in seconds.
  private func processorTime() -> Double {
    var usage = rusage()
    getrusage(selfUsage, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }
}

/// The work of a loop for the delivery of messages to connections.
struct Effort {
  /// The number of wake-ups.
  var wakeUps: UInt64 = 0
  /// The number of calls of `send(2)`.
  var sends: UInt64 = 0
}

/// Connections that can be written to from any thread.
protocol Target {
  /// Writes a message to a connection; waits while too much is under way.
  func write(_ message: [UInt8], to connection: Int)

  /// Ends the loop, and returns what it has done.
  func stop() -> Effort
}

#if os(Linux)
  private let selfUsage = __rusage_who_t(RUSAGE_SELF.rawValue)
#else
  private let selfUsage = RUSAGE_SELF
#endif
