/// Commands on streams: as many as it takes to add entries and to read them.
let streamCommands: [Command] = [
  Command(
    "xadd", -5, [.write, .denyoom, .fast], .stream,
    keys: .one("RW update", notes: "UPDATE instead of INSERT because of the optional trimming feature"),
    tips: ["nondeterministic_output"], since: "5.0.0",
    "key [NOMKSTREAM] [{MAXLEN|MINID} [=|~] threshold [LIMIT count:integer]] {*|id} {field value}...",
    "Adds an entry to a stream, and answers with its number.", .onKey(StreamCommands.xadd)),
  Command(
    "xlen", 2, [.readonly, .fast], .stream, keys: .one("RO"), since: "5.0.0", "key",
    "Answers how many entries a stream has.", .onKey(StreamCommands.xlen)),
  Command(
    "xrange", -4, .readonly, .stream, keys: .one("RO access"), since: "5.0.0", cost: "O(log N + M)",
    "key start end [COUNT count:integer]", "Answers with the entries from one number to another.",
    .onKey(StreamCommands.xrange)),
]

enum StreamCommands {
  static func xadd(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    let options = try StreamAddOptions(arguments)
    let key = arguments.key(1)
    let firstField = options.idIndex + 1
    let count = arguments.count - firstField
    if count < 2 || count % 2 == 1 { throw .argumentCount("xadd") }
    if case .whole(.zero) = options.id { throw ReplyError("ERR The ID specified in XADD must be greater than 0-0") }
    let existing: StreamValue? = try database.collection(key)
    if existing == nil && !options.creates { return context.reply.null() }
    let last = existing?.lastID ?? .zero
    guard let next = last.next else {
      throw ReplyError("ERR The stream has exhausted the last possible ID, unable to add more items")
    }
    guard let id = options.id.chosen(behind: last, next), id > last else {
      throw ReplyError("ERR The ID specified in XADD is equal or smaller than the target stream top item")
    }
    let stream: StreamValue = try database.collectionToAddTo(key)
    var fields: [[UInt8]] = []
    for index in firstField..<arguments.count { fields.append(arguments[index].array) }
    stream.add(StreamValue.Entry(id: id, fields: fields))
    switch options.limit {
    case .all: break
    case .count(let count): stream.trim(toCount: count)
    case .id(let id): stream.trim(below: id)
    }
    database.noteChange(of: key)
    context.reply.bulk(id.text)
  }

  static func xlen(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    let stream: StreamValue? = try database.collection(arguments.key(1))
    context.reply.integer(stream?.entries.count ?? 0)
  }

  static func xrange(_ arguments: Arguments, _ database: inout Database, _ context: inout Context) throws(ReplyError) {
    var (start, isStartExcluded) = try StreamID.bound(arguments[2], missingSequence: 0)
    if isStartExcluded {
      guard let next = start.next else { throw ReplyError("ERR invalid start ID for the interval") }
      start = next
    }
    var (end, isEndExcluded) = try StreamID.bound(arguments[3], missingSequence: .max)
    if isEndExcluded {
      guard let previous = end.previous else { throw ReplyError("ERR invalid end ID for the interval") }
      end = previous
    }
    var limit: Int?
    for index in stride(from: 4, to: arguments.count, by: 2) {
      guard arguments[index].isWord("count"), index + 1 < arguments.count else { throw .syntax }
      limit = max(0, try arguments.integer(index + 1))
    }
    guard let stream: StreamValue = try database.collection(arguments.key(1)) else { return context.reply.array(0) }
    if limit == 0 { return context.reply.nullArray() }
    let first = stream.position(of: start)
    let behind = end.next.map { stream.position(of: $0) } ?? stream.entries.count
    let count = min(max(0, behind - first), limit ?? .max)
    context.reply.array(count)
    for entry in stream.entries[first..<first + count] {
      context.reply.array(2)
      context.reply.bulk(entry.id.text)
      context.reply.array(entry.fields.count)
      for field in entry.fields { context.reply.bulk(field) }
    }
  }
}

/// The options of XADD, and the number of the new entry.
private struct StreamAddOptions {
  /// The number of an entry, as a client asks for it.
  enum ID {
    /// `*`: the time.
    case automatic
    /// `5-*`: the next one with this time.
    case partial(UInt64)
    case whole(StreamID)

    /// The number of an entry behind the last; `nil` if there is none.
    func chosen(behind last: StreamID, _ next: StreamID) -> StreamID? {
      switch self {
      case .automatic:
        let now = StreamID(milliseconds: UInt64(Clock.milliseconds), sequence: 0)
        return now > last ? now : next
      case .partial(let milliseconds):
        if milliseconds == last.milliseconds { return last.sequence < .max ? next : nil }
        return StreamID(milliseconds: milliseconds, sequence: 0)
      case .whole(let id): return id
      }
    }
  }

  /// The entries that stay.
  enum Limit { case all, count(Int), id(StreamID) }

  private(set) var id = ID.automatic
  private(set) var idIndex = 2
  private(set) var creates = true
  private(set) var limit = Limit.all

  init(_ arguments: Arguments) throws(ReplyError) {
    var index = 2
    var isApproximate = false
    var hasLimit = false
    var count = 0
    search: while index < arguments.count {
      let word = arguments[index]
      let following = arguments.count - 1 - index
      if word.isWord("*") {
        break search
      } else if word.isWord("maxlen") || word.isWord("minid"), following > 0 {
        if case .all = limit {
        } else {
          throw ReplyError("ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
        }
        // The form with `~` lets a server trim later. This one trims at once.
        isApproximate = following > 1 && arguments[index + 1].isWord("~")
        if isApproximate || following > 1 && arguments[index + 1].isWord("=") { index += 1 }
        index += 1
        if word.isWord("minid") {
          limit = .id(try StreamID(arguments[index], missingSequence: 0))
        } else {
          let value = try arguments.integer(index)
          if value < 0 { throw ReplyError("ERR The MAXLEN argument must be >= 0.") }
          limit = .count(value)
        }
      } else if word.isWord("limit"), following > 0 {
        index += 1
        count = try arguments.integer(index)
        if count < 0 { throw ReplyError("ERR The LIMIT argument must be >= 0.") }
        hasLimit = true
      } else if word.isWord("nomkstream") {
        creates = false
      } else {
        id = try Self.id(word)
        break search
      }
      index += 1
    }
    idIndex = index
    if count != 0, case .all = limit {
      throw ReplyError("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
    }
    if hasLimit, !isApproximate {
      throw ReplyError("ERR syntax error, LIMIT cannot be used without the special ~ option")
    }
  }

  private static func id(_ text: Bytes) throws(ReplyError) -> ID {
    let bytes = text.array
    if bytes.count > 2, bytes.suffix(2).elementsEqual("-*".utf8) {
      return .partial(try StreamID(bytes.dropLast(2) + [], missingSequence: 0).milliseconds)
    }
    return .whole(try StreamID(text, missingSequence: 0))
  }
}

extension StreamID {
  /// A number from a text such as `5-1`, or from the time alone.
  fileprivate init(_ text: [UInt8], missingSequence: UInt64) throws(ReplyError) {
    try self.init(text.span, missingSequence: missingSequence)
  }

  fileprivate init(_ text: Bytes, missingSequence: UInt64) throws(ReplyError) {
    let dash = text.offset(of: UInt8(ascii: "-"), from: 0)
    guard text.count < 128, let milliseconds = Self.number(text.extracting(first: dash)) else { throw Self.invalid }
    self.milliseconds = milliseconds
    sequence = missingSequence
    if dash == text.count { return }
    guard let given = Self.number(text.extracting(droppingFirst: dash + 1)) else { throw Self.invalid }
    sequence = given
  }

  /// A bound of a range: a number, `-` for the lowest, `+` for the highest, behind `(` if the range excludes the number.
  fileprivate static func bound(
    _ text: Bytes, missingSequence: UInt64
  ) throws(ReplyError) -> (StreamID, isExcluded: Bool) {
    if text.isWord("-") { return (.zero, false) }
    if text.isWord("+") { return (.greatest, false) }
    let isExcluded = text.count > 1 && text[0] == UInt8(ascii: "(")
    return (try StreamID(text.extracting((isExcluded ? 1 : 0)...), missingSequence: missingSequence), isExcluded)
  }

  private static func number(_ text: Bytes) -> UInt64? {
    guard text.count > 0, text[0] != UInt8(ascii: "+") else { return nil }
    return UInt64(String(decoding: text.array, as: UTF8.self))
  }

  private static let invalid = ReplyError("ERR Invalid stream ID specified as stream command argument")
}
