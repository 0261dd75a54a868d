/// A command: its name, its properties and its implementation.
struct Command: Sendable {
  /// Runs with the lock of the shard of its first argument held, on that shard's part of the selected database.
  typealias KeyHandler = @Sendable (Arguments, inout Database, inout Context) throws(ReplyError) -> Void
  /// Runs without a lock, and takes the locks that it needs.
  typealias Handler = @Sendable (Arguments, inout Context) throws(ReplyError) -> Void

  enum Body: Sendable {
    case onKey(KeyHandler)
    case plain(Handler)
    /// Commands of which the first argument names one; `alone` runs without an argument.
    case subcommands([Command], alone: Handler?)
  }

  struct Flags: OptionSet, Sendable {
    let rawValue: Int
    static let write = Flags(rawValue: 1)
    static let readonly = Flags(rawValue: 2)
    static let denyoom = Flags(rawValue: 4)
    static let admin = Flags(rawValue: 8)
    static let noscript = Flags(rawValue: 16)
    static let loading = Flags(rawValue: 32)
    static let stale = Flags(rawValue: 64)
    static let fast = Flags(rawValue: 128)
    static let noAuth = Flags(rawValue: 256)
    static let allowBusy = Flags(rawValue: 512)
    static let pubsub = Flags(rawValue: 1024)
    static let skipSlowlog = Flags(rawValue: 2048)
    /// For subscribers too, which in RESP2 may use few commands. Not a part of COMMAND INFO.
    static let forSubscribers = Flags(rawValue: 4096)
    /// Done at once also in a transaction. Not a part of COMMAND INFO.
    static let neverQueued = Flags(rawValue: 8192)

    /// The names of flags, in the order of COMMAND INFO.
    static let names: [(Flags, StaticString)] = [
      (.write, "write"), (.readonly, "readonly"), (.denyoom, "denyoom"), (.admin, "admin"), (.pubsub, "pubsub"),
      (.noscript, "noscript"), (.loading, "loading"), (.stale, "stale"), (.skipSlowlog, "skip_slowlog"),
      (.fast, "fast"), (.noAuth, "no_auth"), (.allowBusy, "allow_busy"),
    ]
  }

  enum Group: String, Sendable {
    case generic, string, list, set, hash, sortedSet = "sorted-set", stream, pubsub, transactions, connection, server
  }

  /// The positions of the arguments that are keys, and their use.
  struct Keys: Sendable {
    let first, last, step: Int
    /// The use of the keys, in the words of COMMAND INFO.
    let usage: String
    var notes: String?

    static func one(_ usage: String, notes: String? = nil) -> Keys {
      Keys(first: 1, last: 1, step: 1, usage: usage, notes: notes)
    }

    static func all(_ usage: String, step: Int = 1) -> Keys { Keys(first: 1, last: -1, step: step, usage: usage) }
  }

  /// The name in lower case; for a subcommand, behind the name of its command: `client|id`.
  let name: String
  /// The number of arguments, the name included. If negative, its magnitude is the least number.
  let arity: Int
  let flags: Flags
  let group: Group
  let keys: Keys?
  /// The categories for access control that do not follow from the other properties.
  let categories: [String]
  let tips: [String]
  let since: String
  let complexity: String
  /// The arguments behind the name, in the notation of manual pages.
  let syntax: String
  /// A description in one sentence.
  let summary: String
  let body: Body

  init(
    _ name: String, _ arity: Int, _ flags: Flags = [], _ group: Group, keys: Keys? = nil, categories: [String] = [],
    tips: [String] = [], since: String = "1.0.0", cost complexity: String = "O(1)", _ syntax: String, _ summary: String,
    _ body: Body
  ) {
    self.name = name
    self.arity = arity
    self.flags = flags
    self.group = group
    self.keys = keys
    self.categories = categories
    self.tips = tips
    self.since = since
    self.complexity = complexity
    self.syntax = syntax
    self.summary = summary
    self.body = body
  }

  /// Whether the command takes `argumentCount` arguments, its name included.
  func accepts(argumentCount: Int) -> Bool { arity >= 0 ? argumentCount == arity : argumentCount >= -arity }
}
