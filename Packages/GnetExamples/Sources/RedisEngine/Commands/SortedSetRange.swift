/// ZRANGE in all its forms. Bounds of every kind are turned into ranks.
enum SortedSetRange {
  static func zrange(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    let options = try RangeOptions(arguments)
    let bounds = try options.bounds(arguments)
    guard let set: SortedSet = try database.collection(arguments.key(1)) else { return context.reply.array(0) }
    let ranks = options.limited(bounds.ranks(in: set, backwards: options.isReversed))
    let isPaired = context.reply.isRESP3 && options.withScores
    context.reply.array(ranks.count * (options.withScores && !isPaired ? 2 : 1))
    set.forEach(in: ranks, backwards: options.isReversed) { element in
      if isPaired { context.reply.array(2) }
      context.reply.bulk(element.member)
      if options.withScores { context.reply.score(element.score) }
    }
  }
}

/// The two bounds of a range.
private enum RangeBounds {
  case rank(Int, Int)
  case score(Bound<Double>, Bound<Double>)
  case bytes(Bound<MemberOrder>, Bound<MemberOrder>)

  func ranks(in set: SortedSet, backwards: Bool) -> Range<Int> {
    switch self {
    case .rank(let start, let stop):
      let places = places(from: start, through: stop, count: set.count)
      return backwards ? set.count - places.upperBound..<set.count - places.lowerBound : places
    case .score(let low, let high):
      return range(set.rank { low.isAbove($0.score) }, set.rank { !high.isBelow($0.score) })
    case .bytes(let low, let high):
      return range(set.rank { low.isAbove(.member($0.member)) }, set.rank { !high.isBelow(.member($0.member)) })
    }
  }

  private func range(_ low: Int, _ high: Int) -> Range<Int> { low < high ? low..<high : 0..<0 }
}

/// A bound of a range.
private struct Bound<Value: Comparable> {
  let value: Value
  let isExclusive: Bool

  /// Whether this, as the lower bound, excludes a value.
  func isAbove(_ other: Value) -> Bool { isExclusive ? other <= value : other < value }
  /// Whether this, as the upper bound, excludes a value.
  func isBelow(_ other: Value) -> Bool { isExclusive ? other >= value : other > value }
}

extension Bound<Double> {
  /// Parses a score, behind `(` if the range excludes it.
  init(_ text: Bytes) throws(ReplyError) {
    isExclusive = text.count > 0 && text[0] == UInt8(ascii: "(")
    guard let score = text.extracting((isExclusive ? 1 : 0)...).doubleOrNothing else {
      throw ReplyError("ERR min or max is not a float")
    }
    value = score
  }
}

extension Bound<MemberOrder> {
  /// Parses `-`, `+`, or bytes behind `[` or `(`.
  init(_ text: Bytes) throws(ReplyError) {
    let first = text.count > 0 ? text[0] : 0
    isExclusive = first == UInt8(ascii: "(")
    if first == UInt8(ascii: "-"), text.count == 1 {
      value = .lowest
    } else if first == UInt8(ascii: "+"), text.count == 1 {
      value = .highest
    } else if isExclusive || first == UInt8(ascii: "[") {
      value = .member(text.extracting(1...).array)
    } else {
      throw ReplyError("ERR min or max not valid string range item")
    }
  }
}

/// A place in the order of members by their bytes.
private enum MemberOrder: Comparable {
  case lowest
  case member([UInt8])
  case highest

  static func < (left: MemberOrder, right: MemberOrder) -> Bool {
    switch (left, right) {
    case (.member(let left), .member(let right)): precedes(left, right)
    case (.lowest, .member), (.lowest, .highest), (.member, .highest): true
    default: false
    }
  }
}

/// The options of ZRANGE, behind the bounds.
private struct RangeOptions {
  enum Order { case score, bytes }

  private var order: Order?
  private(set) var isReversed = false
  private(set) var withScores = false
  private var offset = 0
  /// The most elements; negative for all.
  private var limit = -1

  init(_ arguments: Arguments) throws(ReplyError) {
    var index = 4
    while index < arguments.count {
      let word = arguments[index]
      if word.isWord("withscores") {
        withScores = true
      } else if word.isWord("limit"), index + 2 < arguments.count {
        offset = try arguments.integer(index + 1)
        limit = try arguments.integer(index + 2)
        index += 2
      } else if word.isWord("rev"), !isReversed {
        isReversed = true
      } else if word.isWord("bylex"), order == nil {
        order = .bytes
      } else if word.isWord("byscore"), order == nil {
        order = .score
      } else {
        throw .syntax
      }
      index += 1
    }
    if limit != -1 && order == nil {
      throw ReplyError(
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
    }
    if withScores && order == .bytes {
      throw ReplyError("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
    }
  }

  /// The bounds, the lower one first. With REV, a client gives it last.
  func bounds(_ arguments: Arguments) throws(ReplyError) -> RangeBounds {
    let (low, high) = isReversed ? (3, 2) : (2, 3)
    switch order {
    case nil: return .rank(try arguments.integer(2), try arguments.integer(3))
    case .score: return .score(try Bound(arguments[low]), try Bound(arguments[high]))
    case .bytes: return .bytes(try Bound(arguments[low]), try Bound(arguments[high]))
    }
  }

  /// The ranks that are left behind the offset, up to the limit.
  func limited(_ ranks: Range<Int>) -> Range<Int> {
    if order == nil { return ranks }
    guard offset >= 0, offset < ranks.count else { return 0..<0 }
    let count = limit < 0 ? ranks.count - offset : min(limit, ranks.count - offset)
    if isReversed {
      let end = ranks.upperBound - offset
      return end - count..<end
    }
    return ranks.lowerBound + offset..<ranks.lowerBound + offset + count
  }
}
