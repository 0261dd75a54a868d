import Logging
import TestSupport

/// Collects what a server logs.
final class LogCollector: Sendable {
  private let log = Log<String>()

  /// The lines that were logged, each with its level.
  var lines: [String] { log.values }

  /// A logger that writes here.
  var logger: Logger { Logger(label: "test") { _ in Handler(log: self.log) } }

  private struct Handler: LogHandler {
    let log: Log<String>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { log.add("\(event.level): \(event.message)") }
  }
}
