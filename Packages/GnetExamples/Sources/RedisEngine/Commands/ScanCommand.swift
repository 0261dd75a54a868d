/// SCAN: visits all keys in a series of calls, each of which is short.
///
/// The low bits of a cursor are the number of a shard; the bits above are a bucket of that shard's table.
enum ScanCommand {
  private static let shardBits = 6

  static func scan(_ arguments: Arguments, _ context: inout Context) throws(ReplyError) {
    guard let cursor = cursor(arguments[1]) else { throw ReplyError("ERR invalid cursor") }
    let options = try ScanOptions(arguments)
    var found: [[UInt8]] = []
    var visited = 0
    var bucket = cursor >> shardBits
    var shard = Int(cursor & (1 << shardBits - 1))
    // At most ten buckets for each key that is asked for: most may be empty. Empty shards cost nothing.
    var buckets = options.count.multipliedReportingOverflow(by: 10).overflow ? Int.max : options.count * 10
    while shard < Keyspace.shardCount, visited < options.count, buckets > 0 {
      let start = bucket
      context.keyspace.withShards(1 << shard, held: context.held) { locked in
        locked.forEachPart(of: context.database) { database in
          bucket = 0
          if database.count == 0 { return }
          var next = start
          repeat {
            next = database.scan(next) { key, value in
              visited += 1
              if options.pattern < 0 || matches(arguments[options.pattern], key.span),
                options.type < 0 || arguments[options.type].isWord(value.typeName)
              {
                found.append(key)
              }
            }
            buckets -= 1
          } while next != 0 && visited < options.count && buckets > 0
          bucket = next
        }
      }
      if bucket == 0 { shard += 1 }
    }
    let next = shard < Keyspace.shardCount ? bucket << shardBits | UInt(shard) : 0
    context.reply.array(2)
    context.reply.bulk("\(next)")
    context.reply.array(found.count)
    for key in found { context.reply.bulk(key) }
  }

  /// Parses a number as `strtoul(3)` does, for which a zero byte is the end.
  private static func cursor(_ bytes: Bytes) -> UInt? {
    let text = bytes.array.prefix { $0 != 0 }
    if text.isEmpty { return 0 }
    let isNegative = text.first == UInt8(ascii: "-")
    let digits = text.dropFirst(isNegative || text.first == UInt8(ascii: "+") ? 1 : 0)
    guard let value = UInt(String(decoding: digits, as: UTF8.self)), digits.first != UInt8(ascii: "+") else {
      return nil
    }
    return isNegative ? 0 &- value : value
  }
}

/// The options of SCAN, behind the cursor.
private struct ScanOptions {
  /// The number of keys to visit.
  var count = 10
  /// The positions of the arguments for a pattern and a type; -1 for none.
  var pattern = -1
  var type = -1

  init(_ arguments: Arguments) throws(ReplyError) {
    var index = 2
    while index < arguments.count {
      guard index + 1 < arguments.count else { throw .syntax }
      if arguments[index].isWord("count") {
        count = try arguments.integer(index + 1)
        if count < 1 { throw .syntax }
      } else if arguments[index].isWord("match") {
        pattern = index + 1
      } else if arguments[index].isWord("type") {
        type = index + 1
      } else {
        throw .syntax
      }
      index += 2
    }
  }
}
