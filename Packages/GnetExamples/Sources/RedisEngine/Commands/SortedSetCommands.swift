/// Commands on sorted sets.
let sortedSetCommands: [Command] = [
  Command(
    "zadd", -4, [.write, .denyoom, .fast], .sortedSet, keys: .one("RW update"), since: "1.2.0", cost: "O(N log M)",
    "key [NX|XX] [GT|LT] [CH] [INCR] {score:double member}...", "Gives members of a sorted set their scores.",
    .onKey(SortedSetCommands.zadd)),
  Command(
    "zcard", 2, [.readonly, .fast], .sortedSet, keys: .one("RO"), since: "1.2.0", "key",
    "Answers how many members a sorted set has.", .onKey(SortedSetCommands.zcard)),
  Command(
    "zscore", 3, [.readonly, .fast], .sortedSet, keys: .one("RO access"), since: "1.2.0", "key member",
    "Answers with a member's score.", .onKey(SortedSetCommands.zscore)),
  Command(
    "zrange", -4, .readonly, .sortedSet, keys: .one("RO access"), since: "1.2.0", cost: "O(log N + M)",
    "key start stop [BYSCORE|BYLEX] [REV] [LIMIT offset:integer count:integer] [WITHSCORES]",
    "Answers with members by rank, by score, or by their bytes.", .onKey(SortedSetRange.zrange)),
  Command(
    "zpopmin", -2, [.write, .fast], .sortedSet, keys: .one("RW access delete"), since: "5.0.0", cost: "O(N log M)",
    "key [count:integer]", "Takes the members with the lowest scores.", .onKey(SortedSetCommands.zpopmin)),
]

enum SortedSetCommands {
  static func zadd(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    let options = try AddOptions(arguments)
    var scores: [Double] = []
    for index in stride(from: options.firstPair, to: arguments.count, by: 2) {
      scores.append(try arguments.double(index))
    }
    let key = arguments.key(1)
    var set: SortedSet? = try database.collection(key)
    if set == nil, !options.conditions.contains(.present) { set = try database.collectionToAddTo(key) }
    var added = 0
    var changed = 0
    var result: Double?
    for (pair, score) in scores.enumerated() {
      guard let set else { break }
      let member = Key(arguments[options.firstPair + 2 * pair + 1])
      let old = set.score(of: member)
      guard let new = try options.score(score, insteadOf: old) else { continue }
      result = new
      if new == old { continue }
      if old == nil { added += 1 } else { changed += 1 }
      set.set(member, score: new)
    }
    if added + changed > 0 { database.noteChange(of: key) }
    if options.increments {
      if let result { context.reply.score(result) } else { context.reply.null() }
    } else {
      context.reply.integer(options.countsChanges ? added + changed : added)
    }
  }

  static func zcard(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    let set: SortedSet? = try database.collection(arguments.key(1))
    context.reply.integer(set?.count ?? 0)
  }

  static func zscore(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    guard let set: SortedSet = try database.collection(arguments.key(1)),
      let score = set.score(of: Key(arguments[2]))
    else { return context.reply.null() }
    context.reply.score(score)
  }

  static func zpopmin(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    if arguments.count > 3 { throw .syntax }
    let wanted = arguments.count == 3 ? try arguments.elementCount(2) : nil
    let key = arguments.key(1)
    guard let set: SortedSet = try database.collection(key) else { return context.reply.array(0) }
    let count = min(wanted ?? 1, set.count)
    // RESP3 has a pair for each element, but not if no number was asked for.
    let isPaired = context.reply.isRESP3 && wanted != nil
    context.reply.array(isPaired ? count : 2 * count)
    if count > 0 { database.noteChange(of: key) }
    for _ in 0..<count {
      guard let element = set.popFirst() else { break }
      if isPaired { context.reply.array(2) }
      context.reply.bulk(element.member)
      context.reply.score(element.score)
    }
    database.removeIfEmpty(set, key)
  }
}

/// The options of ZADD, before the scores.
private struct AddOptions {
  private(set) var conditions: Set<Condition> = []
  private(set) var countsChanges = false
  private(set) var increments = false
  /// The position of the first score.
  private(set) var firstPair = 2

  init(_ arguments: Arguments) throws(ReplyError) {
    while firstPair < arguments.count {
      let word = arguments[firstPair]
      if let condition = Condition(word) {
        conditions.insert(condition)
      } else if word.isWord("ch") {
        countsChanges = true
      } else if word.isWord("incr") {
        increments = true
      } else {
        break
      }
      firstPair += 1
    }
    let count = arguments.count - firstPair
    if count == 0 || count % 2 == 1 { throw .syntax }
    if conditions.isSuperset(of: [.absent, .present]) {
      throw ReplyError("ERR XX and NX options at the same time are not compatible")
    }
    if conditions.subtracting([.present]).count > 1 {
      throw ReplyError("ERR GT, LT, and/or NX options at the same time are not compatible")
    }
    if increments && count > 2 {
      throw ReplyError("ERR INCR option supports a single increment-element pair")
    }
  }

  /// The new score of a member; `nil` if its score does not change.
  func score(_ given: Double, insteadOf old: Double?) throws(ReplyError) -> Double? {
    if conditions.contains(old == nil ? .present : .absent) { return nil }
    guard let old else { return given }
    let new = increments ? old + given : given
    if new.isNaN { throw ReplyError("ERR resulting score is not a number (NaN)") }
    return conditions.allow(new, insteadOf: old) ? new : nil
  }
}
