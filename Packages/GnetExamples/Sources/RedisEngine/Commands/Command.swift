/// A command: how it is recognised, what it needs, and what it does.
struct Command: Sendable {
  /// Runs on the part of the selected database in which its first argument is, whose lock is held.
  typealias KeyHandler = @Sendable (Arguments, inout Database, inout Context) throws(ReplyError) -> Void
  /// Takes what locks it needs itself.
  typealias Handler = @Sendable (Arguments, inout Context) throws(ReplyError) -> Void

  enum Body: Sendable {
    case onKey(KeyHandler)
    case plain(Handler)
    /// One of these is named by the first argument; `alone` runs where there is none.
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

    /// In the order in which they are told.
    static let names: [(Flags, StaticString)] = [
      (.write, "write"), (.readonly, "readonly"), (.denyoom, "denyoom"), (.admin, "admin"), (.noscript, "noscript"),
      (.loading, "loading"), (.stale, "stale"), (.fast, "fast"), (.noAuth, "no_auth"), (.allowBusy, "allow_busy"),
    ]
  }

  enum Group: String, Sendable { case generic, string, list, set, hash, sortedSet = "sorted-set", connection, server }

  /// Which arguments are keys, and what is done with them.
  struct Keys: Sendable {
    let first, last, step: Int
    /// In the words of COMMAND INFO.
    let usage: String
    var notes: String?

    static func one(_ usage: String, notes: String? = nil) -> Keys {
      Keys(first: 1, last: 1, step: 1, usage: usage, notes: notes)
    }

    static func all(_ usage: String, step: Int = 1) -> Keys { Keys(first: 1, last: -1, step: step, usage: usage) }
  }

  /// Lower case; of a subcommand, with that of its command: `client|id`.
  let name: String
  /// How many arguments it takes, its name included; negative: at least so many.
  let arity: Int
  let flags: Flags
  let group: Group
  let keys: Keys?
  /// Categories for access control that do not follow from the above.
  let categories: [String]
  let tips: [String]
  let since: String
  let complexity: String
  /// The arguments behind the name, in the notation of manual pages.
  let syntax: String
  /// What it does, in one sentence.
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

  /// Whether it takes so many arguments, its name included.
  func accepts(argumentCount: Int) -> Bool { arity >= 0 ? argumentCount == arity : argumentCount >= -arity }
}
