/// The options of SET, behind the value, and of GETEX, behind the key.
struct SetOptions {
  enum Condition { case absent, present }

  struct Unit: Equatable {
    let isInSeconds: Bool
    /// Whether the time is counted from 1970 instead of from now.
    let isAbsolute: Bool

    init?(_ word: Bytes) {
      isInSeconds = word.isWord("ex") || word.isWord("exat")
      isAbsolute = word.isWord("exat") || word.isWord("pxat")
      if !isInSeconds && !isAbsolute && !word.isWord("px") { return nil }
    }
  }

  /// The argument that tells when a key expires, and its unit.
  struct Expiry {
    var index: Int
    let unit: Unit

    /// The deadline in milliseconds since 1970.
    func deadline(_ arguments: Arguments, command: String) throws(ReplyError) -> Int {
      let value = try arguments.integer(index)
      guard value > 0, let deadline = Deadline.make(value, isInSeconds: unit.isInSeconds, isAbsolute: unit.isAbsolute)
      else {
        throw .expireTime(command)
      }
      return deadline
    }
  }

  private(set) var condition: Condition?
  private(set) var expiry: Expiry?
  private(set) var keepsDeadline = false
  private(set) var answersOld = false
  private(set) var removesDeadline = false

  /// The options of SET.
  init(_ arguments: Arguments) throws(ReplyError) { try self.init(arguments, from: 3, isSet: true) }

  /// The options of GETEX.
  init(ofGetEx arguments: Arguments) throws(ReplyError) { try self.init(arguments, from: 2, isSet: false) }

  private init(_ arguments: Arguments, from start: Int, isSet: Bool) throws(ReplyError) {
    var index = start
    while index < arguments.count {
      let word = arguments[index]
      let hasNext = index + 1 < arguments.count
      if isSet, word.isWord("nx"), condition != .present {
        condition = .absent
      } else if isSet, word.isWord("xx"), condition != .absent {
        condition = .present
      } else if isSet, word.isWord("get") {
        answersOld = true
      } else if isSet, word.isWord("keepttl"), expiry == nil {
        keepsDeadline = true
      } else if !isSet, word.isWord("persist"), expiry == nil {
        removesDeadline = true
      } else if let unit = Unit(word), hasNext, !keepsDeadline, !removesDeadline, expiry == nil || expiry?.unit == unit
      {
        // The same unit may be given again, and the last one counts.
        index += 1
        expiry = Expiry(index: index, unit: unit)
      } else {
        throw .syntax
      }
      index += 1
    }
  }
}

/// Deadlines from arguments of clients.
enum Deadline {
  /// The deadline in milliseconds since 1970; `nil` if it is too late to be represented.
  static func make(_ value: Int, isInSeconds: Bool, isAbsolute: Bool) -> Int? {
    let (milliseconds, isTooMuch) = value.multipliedReportingOverflow(by: isInSeconds ? 1000 : 1)
    let (deadline, isTooFar) = milliseconds.addingReportingOverflow(isAbsolute ? 0 : Clock.milliseconds)
    // The greatest number stands for no deadline. As a time it would be some 300 million years away.
    return isTooMuch || isTooFar ? nil : min(deadline, Database.never - 1)
  }
}
