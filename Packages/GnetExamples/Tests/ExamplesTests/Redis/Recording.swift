import Testing

/// A list of commands whose replies are to be those of the real server.
struct Recording: CustomTestStringConvertible, Sendable {
  let name: String
  /// Whether all commands are sent by one client, because they change the connection; otherwise by two in turn. Behind
  /// `|`, a command is the other client's. A line `+` takes one more reply, which comes unasked.
  var isPersonal = false
  let lines: [String]

  var testDescription: String { name }

  /// The way in which a reply is compared, as a mark before the command tells.
  enum Comparison: Character {
    /// `~`: the elements in any order.
    case unordered = "~"
    /// `=`: pairs of elements in any order.
    case unorderedPairs = "="
    /// `#`: the number of elements.
    case count = "#"
    /// `<`: an integer that may be a little less, since time passes.
    case time = "<"
  }

  init(_ name: String, isPersonal: Bool = false, _ text: String) {
    self.name = name
    self.isPersonal = isPersonal
    lines = text.split(separator: "\n").map(String.init)
  }
}

let recordings: [Recording] = [
  Recording(
    "connection", isPersonal: true,
    #"""
    ping
    PiNg hello
    ping a b
    echo hello
    echo "\x00\xff\r\n"
    echo
    echo a b
    select 1
    set k in-1
    select 0
    get k
    select 1
    get k
    dbsize
    select 15
    select 16
    select -1
    select a
    select 99999999999
    select
    select 1 2
    client getname
    client setname me
    client getname
    client setname "a b"
    client setname "a\n"
    client setname "é"
    client getname
    client setname ""
    client getname
    client setname
    client getname x
    client id x
    client
    client nonsense
    client nonsense a b
    client list type nonsense
    client list id nonsense
    client list id 0
    client list id -1
    client list nonsense
    client list type
    client list id
    client list type pubsub
    client list id 999999
    client info x
    hello 1
    hello 4
    hello nonsense
    hello 2 nonsense
    hello 2 setname
    hello 2 setname "a b"
    hello 2 auth
    hello 2 auth x
    hello 2 nonsense x
    hello 2 auth nobody x
    config
    config get
    config nonsense
    config get databases
    config get DATA*s
    = config get appendonly save databases
    config get nonsense
    config get DataBases
    command count x
    command nonsense
    command docs nonsense
    command info nonsense get nonsense
    flushall
    """#),
  Recording(
    "names and numbers of arguments",
    #"""
    nonsense
    nonsense a
    nonsense a b c
    NoNsEnSe "with \"quotes\"" 'x'
    "\r\nx" "\r\ny"
    "" a
    "g\x00et" a
    nonsense aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb ccccc
    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b
    get
    get a b
    GET
    set
    set a
    getset a
    setnx a
    mget
    mset
    mset a
    mset a b c
    append a
    strlen
    incr
    incr a b
    decr
    incrby a
    decrby a
    del
    exists
    expire a
    pexpire a
    ttl
    pttl
    persist
    type
    keys
    scan
    dbsize a
    lpush a
    rpush a
    lpop
    rpop
    llen
    lrange a 0
    sadd a
    srem a
    sismember a
    smembers
    scard
    spop
    hset a
    hset a b
    hset a b c d
    hget a
    hdel a
    hgetall
    hlen
    zadd a
    zadd a 1
    zcard
    zscore a
    zrange a 0
    zpopmin
    """#),
  Recording(
    "strings",
    #"""
    get missing
    set s value
    get s
    set s ""
    get s
    strlen s
    set s "\x00\x01\xfe\xff\r\n"
    get s
    strlen s
    strlen missing
    set s a nx
    set s b xx
    get s
    set missing a xx
    get missing
    set s c get
    get s
    set new d get
    get new
    set new e nx get
    set new2 f nx get
    get new2
    set new3 f xx get
    get new3
    set s a nx xx
    set s a xx nx
    set s a nonsense
    set s a ex
    set s a ex nonsense
    set s a ex 0
    set s a ex -1
    set s a px 0
    set s a exat 0
    set s a pxat -1
    set s a ex 1.5
    set s a ex 9223372036854775807
    set s a px 9223372036854775807
    set s a ex 9223372036854775
    set s a ex 99999999999999999999
    set s a exat 9223372036854775807
    set s a ex 10 px 10
    set s a ex 10 keepttl
    set s a keepttl ex 10
    set s a keepttl keepttl
    set s a ex 10 ex 10
    set s a get get
    set s a nx nx
    set s a ex 10 ex 100
    < ttl s
    set s a px 10 ex 10
    set s a ex 10 exat 10
    set s a ex 10 px
    set s2 gone exat 1
    get s2
    set s2 gone pxat 1 get
    exists s2
    set s v EX 100
    < ttl s
    set s w keepttl
    < ttl s
    set s x
    ttl s
    set s v px 100000
    < pttl s
    set s v exat 99999999999
    < ttl s
    set s v pxat 9999999999999
    < pttl s
    getset s new
    ttl s
    getset s3 new
    get s3
    setnx s3 other
    setnx s4 other
    get s3
    get s4
    append s5 hello
    append s5 " world"
    get s5
    append s5 ""
    mset a 1 b 2 c 3
    mget a b missing c a
    mset a 1 a 2
    get a
    rpush list x
    mget a list
    get list
    getset list x
    set list x get
    append list x
    strlen list
    incr list
    setnx list x
    mset list now-a-string
    get list
    type list
    set counter 10 ex 100
    append counter 5
    < ttl counter
    incr counter
    < ttl counter
    get counter
    """#),
  Recording(
    "counters",
    #"""
    incr n
    incr n
    incrby n 40
    decr n
    decrby n 20
    get n
    incrby n -100
    incrby n 0
    decrby n -5
    incrby n nonsense
    incrby n 1.5
    incrby n ""
    incrby n " 1"
    incrby n +1
    incrby n 01
    incrby n -0
    set n 9223372036854775807
    incr n
    get n
    incrby n -1
    incr n
    incrby n 9223372036854775807
    set n -9223372036854775808
    decr n
    incrby n -1
    decrby n 9223372036854775807
    decrby n -9223372036854775808
    decrby new -9223372036854775808
    incrby new -9223372036854775808
    get new
    incrby n 9223372036854775808
    set n " 1"
    incr n
    set n "1 "
    incr n
    set n 01
    incr n
    set n +1
    incr n
    set n ""
    incr n
    set n -0
    incr n
    set n 99999999999999999999
    incr n
    set n 1.0
    decr n
    """#),
  Recording(
    "keys",
    #"""
    del missing
    mset a 1 b 2 c 3 abc 4 axc 5 "a*c" 6 "[x]" 7 "é" 8 "" 9
    exists a b missing a
    exists missing
    del a missing b a
    exists a b
    dbsize
    ~ keys *
    ~ keys a*c
    ~ keys a?c
    ~ keys a\*c
    ~ keys a[b-x]c
    ~ keys a[^b]c
    ~ keys a[x-b]c
    ~ keys [
    ~ keys [a
    ~ keys [a-
    ~ keys a[bx
    ~ keys \
    ~ keys [^
    ~ keys []
    ~ keys []x]
    ~ keys *[
    ~ keys a\
    ~ keys *\
    ~ keys ?
    ~ keys [^a]
    ~ keys *a*b*c*
    ~ keys **
    ~ keys ""
    ~ keys \[x\]
    ~ keys [[]x]
    ~ keys "[\\]]x"
    ~ keys a[\x]c
    keys nothing*
    type c
    type missing
    rpush l 1
    sadd s 1
    hset h f 1
    zadd z 1 m
    type l
    type s
    type h
    type z
    scan nonsense
    scan " 0"
    scan 0x0
    # scan ""
    # scan "\x00"
    # scan "0\x00x" count 1000
    # scan +0 count 1000
    # scan 0000000000000000000000000000 count 1000
    scan +
    scan --1
    scan -
    scan 1.5
    scan 99999999999999999999999
    scan 0 match
    scan 0 count
    scan 0 type
    scan 0 nonsense
    scan 0 nonsense x
    scan 0 count 0
    scan 0 count -1
    scan 0 count nonsense
    scan 0 count 1000 match nothing
    scan 0 count 1000 type nonsense
    scan 0 type string count 1000 match abc
    scan 0 COUNT 1000 TYPE LIST
    flushall nonsense
    flushall async sync
    flushdb nonsense
    dbsize
    flushdb async
    dbsize
    set a 1
    flushall sync
    set a 1
    flushall ASYNC
    get a
    flushall
    keys *
    scan 0
    """#),
  Recording(
    "expiry",
    #"""
    ttl missing
    pttl missing
    persist missing
    expire missing 10
    set a 1
    ttl a
    pttl a
    persist a
    expire a 100
    < ttl a
    < pttl a
    persist a
    ttl a
    persist a
    pexpire a 100000
    < ttl a
    < pttl a
    expire a 100 nx
    expire a 200 xx
    expire a 100 gt
    expire a 300 gt
    expire a 400 lt
    expire a 100 lt
    < ttl a
    persist a
    expire a 100 xx
    expire a 100 gt
    ttl a
    expire a 100 lt
    < ttl a
    persist a
    expire a 100 nx
    < ttl a
    expire a 99 xx gt
    expire a 1000 XX GT
    < ttl a
    expire a 100 nx xx
    expire a 100 nx gt
    expire a 100 nx lt
    expire a 100 gt lt
    expire a 100 nonsense
    expire a 100 "\n"
    expire a 100 "a\r\nb\r\n"
    expire a 100 "non\r\nsense"
    expire a nonsense nonsense
    expire a nonsense
    expire a 1.5
    expire a 9223372036854775807
    expire a -9223372036854775808
    expire a 9223372036854775
    pexpire a 9223372036854775807
    pexpire a 9223372036854775808
    expire missing 9223372036854775807
    < ttl a
    pexpire a 1000000000000
    < pttl a
    expire a 0
    exists a
    set a 1
    expire a -1
    get a
    set a 1
    pexpire a -100
    ttl a
    rpush l a
    expire l 100
    rpush l b
    < ttl l
    lpop l 2
    ttl l
    set a 1 ex 100
    mset a 2
    ttl a
    dbsize
    """#),
  Recording(
    "lists",
    #"""
    llen l
    lpush l a
    lpush l b c d
    rpush l x y
    llen l
    lrange l 0 -1
    lrange l 1 2
    lrange l -2 -1
    lrange l -100 100
    lrange l 3 1
    lrange l 100 200
    lrange l -1 -2
    lrange l 0 -100
    lrange l 9223372036854775807 9223372036854775807
    lrange l -9223372036854775808 9223372036854775807
    lrange l nonsense 1
    lrange l 0 nonsense
    lrange missing 0 -1
    lrange missing nonsense 0
    lpop l
    rpop l
    lpop l 2
    rpop l 100
    exists l
    lpop l
    rpop l
    lpop l 0
    lpop missing 1
    rpush l a b
    lpop l 0
    lpop l -1
    lpop l nonsense
    rpop l 1.5
    lpop l 1 2
    rpop missing nonsense
    rpop l 1 2
    set s x
    lpush s a
    rpush s a
    lpop s
    lpop s 1
    rpop s 0
    llen s
    lrange s 0 -1
    lrange s nonsense 0
    rpush l "" "\x00" "\r\n"
    lrange l 0 -1
    """#),
  Recording(
    "sets",
    #"""
    scard s
    sadd s a
    sadd s a b c a
    scard s
    sismember s a
    sismember s z
    sismember missing a
    ~ smembers s
    smembers missing
    srem s z
    srem s a z b
    srem missing a
    ~ smembers s
    spop s
    exists s
    spop s
    spop s 1
    spop s 0
    sadd s a b c d e
    spop s 0
    # spop s 2
    scard s
    # spop s 100
    exists s
    sadd s a
    spop s -1
    spop s nonsense
    spop s 1 2
    spop missing nonsense
    sadd s 1 2 3 10000000000 -5 01
    ~ smembers s
    srem s 01 1
    ~ smembers s
    set str x
    sadd str a
    srem str a
    sismember str a
    smembers str
    scard str
    spop str
    spop str 1
    sadd s2 "" "\x00" "\r\n"
    ~ smembers s2
    """#),
  Recording(
    "hashes",
    #"""
    hlen h
    hset h f v
    hset h f w g x
    hset h f 1 f 2 k 3
    hget h f
    hget h missing
    hget missing f
    hlen h
    = hgetall h
    hgetall missing
    hset h a
    hset h a b c
    hdel h missing
    hdel h f missing f
    hdel missing f
    = hgetall h
    hdel h g k
    exists h
    hset h "" "" "\x00" "\xff"
    = hgetall h
    set s x
    hset s f v
    hget s f
    hdel s f
    hgetall s
    hlen s
    hset s f v g
    """#),
  Recording(
    "sorted sets: members",
    #"""
    zcard z
    zscore z a
    zadd z 1 a
    zadd z 2 b 3 c
    zadd z 1 a 5 b 7 d
    zcard z
    zscore z b
    zscore z missing
    zscore missing a
    zadd z nx 9 a 4 e
    zadd z xx 9 a 4 f
    zadd z ch 1 a 5 b 9 g
    zadd z gt 0 a 1 h
    zadd z gt ch 100 a
    zadd z lt 200 a
    zadd z lt ch 50 a
    zadd z gt xx 60 a 1 missing
    zadd z incr 1.5 a
    zscore z a
    zadd z incr 1 a 2 b
    zadd z nx incr 1 a
    zadd z xx incr 1 missing
    zadd z nx incr 1 new
    zadd z gt incr -1 a
    zadd z lt incr 1 a
    zadd z incr 0 a
    zadd z nx xx 1 a
    zadd z nx gt 1 a
    zadd z nx lt 1 a
    zadd z gt lt 1 a
    zadd z nonsense a
    zadd z nonsense 1 a
    zadd z 1 a 2
    zadd z nx
    zadd z nx 1
    zadd z nan a
    zadd z "" a
    zadd z " 1" a
    zadd z "1 " a
    zadd z 1 a nonsense b
    zadd z 1e400 a
    zadd z 1e-400 a
    zadd z 0x10 hex
    zscore z hex
    zadd z inf pinf -inf ninf +inf pinf2 infinity pinf3 -Infinity ninf2
    zscore z pinf
    zscore z ninf
    zadd z incr -inf pinf
    zscore z pinf
    zrange z 0 -1 withscores
    zadd new xx 1 a
    exists new
    zadd new nonsense a
    exists new
    set s x
    zadd s 1 a
    zadd s nonsense a
    zadd s xx 1 a
    zcard s
    zscore s a
    zrange s 0 -1
    zpopmin s
    zpopmin s 0
    zpopmin z
    zpopmin z 2
    zpopmin z 0
    zpopmin z -1
    zpopmin z nonsense
    zpopmin z 1 2
    zpopmin missing
    zpopmin missing 5
    zpopmin missing nonsense
    zpopmin z 100
    exists z
    """#),
  Recording(
    "sorted sets: how scores are written",
    #"""
    zadd z 0 a -0 b 0.1 c 1.1 d 3.14159265358979 e 1e16 f 1e17 g 1e18 h 123456789012345678 i
    zadd z 1e-5 j 1e-4 k 0.0001234 l 1e100 m 1.7976931348623157e308 n 4.9e-324 o 2.2250738585072014e-308 p
    zadd z 9007199254740993 q 9007199254740992 r -9007199254740993 s 1e20 t 1.5 u -1.5 v 100 w 1000000 x
    zadd z 99999999999999999 y 0.30000000000000004 z 12345.678 aa -123456789.123 bb 1e21 cc 1e15 dd 1e22 ee
    zrange z 0 -1 withscores
    zscore z c
    zscore z d
    zadd z incr 0.2 c
    zadd z incr 1e300 m
    zadd z incr -0 zero
    zscore z zero
    zadd z incr -0 zero
    zpopmin z 100
    """#),
  Recording(
    "sorted sets: ranges",
    #"""
    zadd z 1 a 2 b 2 bb 2 ba 3 c 4 d 5 e
    zrange z 0 -1
    zrange z 0 -1 withscores
    zrange z 1 3
    zrange z -3 -2 WITHSCORES
    zrange z 5 1
    zrange z 100 200
    zrange z -100 100
    zrange z 0 -1 rev
    zrange z 0 1 rev withscores
    zrange z -2 -1 rev
    zrange z nonsense 1
    zrange z 0 nonsense
    zrange z 0 -1 nonsense
    zrange missing 0 -1
    zrange missing nonsense -1
    zrange z 2 4 byscore
    zrange z (2 4 byscore
    zrange z 2 (4 byscore withscores
    zrange z (2 (2 byscore
    zrange z -inf +inf byscore
    zrange z (1 inf byscore limit 1 2
    zrange z 0 10 byscore limit 2 -1
    zrange z 0 10 byscore limit 100 1
    zrange z 0 10 byscore limit -1 2
    zrange z 0 10 byscore limit 0 0
    zrange z 4 2 byscore
    zrange z 4 2 byscore rev
    zrange z (4 2 byscore rev limit 1 2 withscores
    zrange z +inf -inf byscore rev limit 0 3
    zrange z nonsense 1 byscore
    zrange z 1 nonsense byscore
    zrange z "(" 3 byscore
    zrange z "" 3 byscore
    zrange z " 2" 3 byscore
    zrange z nan 3 byscore
    zrange z 0 1 limit 0 1
    zrange z 0 -1 limit 0 -1
    zrange z 0 1 byscore limit 0
    zrange z 0 1 byscore limit nonsense 1
    zrange z 0 1 byscore limit 0 nonsense
    zrange z 0 1 byscore bylex
    zrange z 0 1 byscore byscore
    zrange z 0 1 rev rev
    zrange z 0 1 withscores withscores
    zrange z - + bylex withscores
    zadd lex 0 a 0 b 0 c 0 d 0 dd 0 "" 0 "\xff" 0 e
    zrange lex - + bylex
    zrange lex [b [d bylex
    zrange lex (b [dd bylex
    zrange lex (b (d bylex
    zrange lex [b + bylex limit 1 2
    zrange lex + - bylex rev
    zrange lex [d (b bylex rev limit 0 1
    zrange lex - (c bylex
    zrange lex + - bylex
    zrange lex - - bylex
    zrange lex + + bylex
    zrange lex [ ( bylex
    zrange lex b c bylex
    zrange lex [b c bylex
    zrange lex -x + bylex
    zrange lex "" + bylex
    zrange missing [a b bylex
    """#),
]
