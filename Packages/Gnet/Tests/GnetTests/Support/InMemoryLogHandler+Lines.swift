import InMemoryLogging
import Logging

extension InMemoryLogHandler {
  /// A logger that writes here, at every level.
  var logger: Logger {
    var logger = Logger(label: "test") { _ in self }
    logger.logLevel = .trace
    return logger
  }

  /// The lines that were logged, each with its level.
  var lines: [String] { entries.map { "\($0.level): \($0.message)" } }
}
