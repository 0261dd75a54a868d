/// The name of a count that event loops keep for a filter, a handler or a plugin, such as the handshakes of TLS.
///
/// Metrics export the counts beside those of ``LoopStatistics``, without knowing who counts:
///
/// ```swift
/// let refusals = LoopCounter("logins", help: "Logins by their outcome", labels: ["outcome": "refused"])
///
/// events.react = { connection, input in
///   connection.loop.add(to: refusals)
///   return .close
/// }
/// ```
///
/// Counters with the same name and the same labels are the same counter.
public struct LoopCounter: Sendable, Hashable {
  /// The name in the manner of Prometheus, without a prefix and without `_total`: lower-case letters, digits and underscores.
  public let name: String

  /// A description in a few words, without a full stop. The same for all counters with this name.
  public let help: String

  /// The values that tell counters with the same name apart, by the names of the labels. The names have the characters of
  /// ``name``.
  public let labels: [String: String]

  /// The hash value of name and labels. Loops look for a counter at each addition.
  private let hash: Int

  /// Creates the name of a count. A name with other characters is a precondition failure: see ``isName(_:)``.
  ///
  /// - Parameters:
  ///   - name: ``name``.
  ///   - help: ``help``.
  ///   - labels: ``labels``.
  public init(_ name: String, help: String, labels: [String: String] = [:]) {
    precondition(Self.isName(name), "LoopCounter: \(name) is no name of a counter")
    precondition(labels.keys.allSatisfy(Self.isName), "LoopCounter: the labels of \(name) have names that are none")
    (self.name, self.help, self.labels) = (name, help, labels)
    var hasher = Hasher()
    hasher.combine(name)
    hasher.combine(labels)
    hash = hasher.finalize()
  }

  /// Whether a text can be the name of a counter or of a label: a lower-case letter, then such letters, digits and underscores.
  public static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, letters.contains(first) else { return false }
    return text.utf8.allSatisfy { letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "_") }
  }

  private static let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
  private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

  /// Whether two counters have the same name and the same labels.
  public static func == (left: LoopCounter, right: LoopCounter) -> Bool {
    left.hash == right.hash && left.name == right.name && left.labels == right.labels
  }

  /// Hashes the name and the labels.
  public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
