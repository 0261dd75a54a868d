import TestSupport

/// Commands made at random from a few keys, members and numbers, so that they meet each other and what goes wrong.
struct RandomCommands {
  private var random: SeededGenerator

  private let templates: [Substring]

  /// - Parameter inTransactions: whether the commands are those that two clients may use in transactions, with the
  ///   commands on transactions among them.
  init(seed: UInt64, inTransactions: Bool = false) {
    random = SeededGenerator(seed: seed)
    templates =
      inTransactions
      ? Self.templates.filter { !"~#<=".contains($0.first!) }
        + Array(repeating: Self.transactions, count: 4).flatMap { $0 } : Self.templates
  }

  /// A command in the notation of a `Recording`: a template, of whose words
  /// - one with bars stands for one of its parts, the empty one for nothing,
  /// - a capital letter for a value of that sort, `KEY` for any key,
  /// - one with a plus sign behind it for a few such values.
  mutating func next() -> String {
    let template = templates.randomElement(using: &random)!
    return template.split(separator: " ").flatMap { words($0) }.joined(separator: " ")
  }

  private mutating func words(_ word: Substring) -> [String] {
    if word.contains("|") {
      let part = word.split(separator: "|", omittingEmptySubsequences: false).randomElement(using: &random)!
      return part.split(separator: "_").flatMap { words($0) }
    }
    if word.hasSuffix("+") {
      let repeated = word.dropLast().split(separator: "_")
      return (0..<Int.random(in: 1...4, using: &random)).flatMap { _ in repeated.flatMap { words($0) } }
    }
    return [Self.values[String(word)]?.randomElement(using: &random) ?? String(word)]
  }

  private static let members = ["a", "b", "ab", #""""#, #""\xff\r\n""#, "1"] + (0..<30).map { "member\($0)" }
  private static let integers =
    (-4...8).map { "\($0)" } + [
      "100", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "01", "+1", #"" 1""#, "1.5", "x",
      #""""#,
    ]
  private static let scores =
    (-4...8).map { "\($0)" } + [
      "0.1", "-1.5", "1e10", "1e17", "1e300", "-0", "inf", "-inf", "nan", "1e400", "0x10", "x", #""""#,
    ]
  private static let bounds = ["-", "+", "[a", "(a", "[ab", "(b", "[member2", "(member7", "[", "(", "a", #""""#]

  private static let values: [String: [String]] = [
    "S": ["string1", "string2", "string3"], "L": ["list1", "list2"], "M": members, "I": integers,
    "SET": ["set1", "set2"], "H": ["hash1", "hash2"], "Z": ["zset1", "zset2"],
    "KEY": ["string1", "string2", "list1", "set1", "hash1", "zset1", "equal", "missing"],
    "D": scores, "B": scores + scores.map { $0.hasPrefix("\"") ? $0 : "(\($0)" }, "X": bounds,
    // Far away, since the clocks of two servers are not read at one moment.
    "T": ["100000", "0", "-1", "100000000", "9223372036854775807", "x"],
    "P": ["*", "s*", "*1", "?e*", "[a-m]*", "[^s]*", #"\\s*"#, "str[g-i]ng[12]", "[", #""""#],
  ]

  // Only scores of 0 go to `equal`: what BYLEX answers where scores differ is nobody's promise.
  private static let templates = """
    get S
    get KEY
    set S M|I
    set KEY M nx|xx|get|keepttl|
    set S I nx|xx| get| ex_T|px_T|keepttl|
    getset KEY M
    setnx KEY I
    mget KEY+
    mset S_I+
    mset KEY+
    append S M|I
    strlen KEY
    incr|decr KEY
    incrby|decrby S I
    del KEY+
    exists KEY+
    expire|pexpire KEY T nx|xx|lt|x| nx|xx|lt|||
    expire|pexpire KEY -1|0 gt
    < ttl|pttl KEY
    persist KEY
    type KEY
    ~ keys P
    dbsize
    # scan 0 match_P|count_I| count_1000 type_string|type_list|
    lpush|rpush L M+
    lpush|rpush KEY I+
    lpop|rpop L I|
    llen KEY
    lrange L I I
    sadd SET M+
    sadd KEY I+
    srem SET M+
    sismember SET M
    ~ smembers KEY
    scard KEY
    # spop SET 0|100|-1|x
    hset H M_I+
    hset KEY M+
    hget H M
    hdel H M+
    = hgetall KEY
    hlen KEY
    zadd Z D_M+
    zadd Z|S|H nx|xx|gt|lt|ch| nx|xx|gt|lt|ch| D_M+
    zadd Z nx|xx|gt|lt| incr D M
    zadd equal 0_M+
    zcard KEY
    zscore Z M
    zrange Z I I rev|withscores| rev|withscores|limit_I_I|
    zrange Z B B byscore rev| withscores| limit_I_I|
    zrange equal X X bylex rev|withscores| limit_I_I|
    zpopmin Z I|
    setex|psetex S T M
    getdel KEY
    getex KEY ex_T|px_T|persist|exat_1|
    unlink KEY+
    incrbyfloat S|KEY D
    xadd|xlen stream|KEY|stream
    xadd stream *|5-1|nonsense M
    xadd stream maxlen_I| 9-* M_I+
    xrange stream|KEY - + count_I|
    """.split(separator: "\n")

  private static let transactions = """
    multi
    multi
    exec
    exec
    exec
    discard
    watch KEY+
    unwatch
    ping
    nonsense
    """.split(separator: "\n")
}
