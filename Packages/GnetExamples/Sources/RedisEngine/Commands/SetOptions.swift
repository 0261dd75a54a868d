/// What may stand behind the value of SET.
struct SetOptions {
  enum Condition { case absent, present }

  /// When a key is to expire: an argument, and how it is meant.
  struct Expiry {
    let index: Int
    let isInSeconds: Bool
    /// Whether the time is counted from 1970; otherwise from now.
    let isAbsolute: Bool

    /// The deadline in milliseconds since 1970.
    func deadline(_ arguments: Arguments, command: String) throws(ReplyError) -> Int {
      let value = try arguments.integer(index)
      guard value > 0, let deadline = Deadline.make(value, isInSeconds: isInSeconds, isAbsolute: isAbsolute) else {
        throw .expireTime(command)
      }
      return deadline
    }
  }

  private(set) var condition: Condition?
  private(set) var expiry: Expiry?
  private(set) var keepsDeadline = false
  private(set) var answersOld = false

  init(_ arguments: Arguments) throws(ReplyError) {
    var index = 3
    while index < arguments.count {
      let word = arguments[index]
      let hasNext = index + 1 < arguments.count
      let isTimeFree = expiry == nil && !keepsDeadline
      if word.isWord("nx"), condition != .present {
        condition = .absent
      } else if word.isWord("xx"), condition != .absent {
        condition = .present
      } else if word.isWord("get") {
        answersOld = true
      } else if word.isWord("keepttl"), expiry == nil {
        keepsDeadline = true
      } else if hasNext, isTimeFree, let (isInSeconds, isAbsolute) = Self.unit(word) {
        expiry = Expiry(index: index + 1, isInSeconds: isInSeconds, isAbsolute: isAbsolute)
        index += 1
      } else {
        throw .syntax
      }
      index += 1
    }
  }

  private static func unit(_ word: Bytes) -> (isInSeconds: Bool, isAbsolute: Bool)? {
    if word.isWord("ex") { return (true, false) }
    if word.isWord("px") { return (false, false) }
    if word.isWord("exat") { return (true, true) }
    if word.isWord("pxat") { return (false, true) }
    return nil
  }
}

/// Deadlines from what clients give.
enum Deadline {
  /// The deadline in milliseconds since 1970; `nil` if it is too far away for that.
  static func make(_ value: Int, isInSeconds: Bool, isAbsolute: Bool) -> Int? {
    let (milliseconds, isTooMuch) = value.multipliedReportingOverflow(by: isInSeconds ? 1000 : 1)
    let (deadline, isTooFar) = milliseconds.addingReportingOverflow(isAbsolute ? 0 : Clock.milliseconds)
    // The greatest number stands for no deadline, and is some 300 million years away as well.
    return isTooMuch || isTooFar ? nil : min(deadline, Database.never - 1)
  }
}
