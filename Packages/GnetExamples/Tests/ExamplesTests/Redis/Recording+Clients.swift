/// Recordings of the commands that today's clients send beside those on values.
let clientRecordings: [Recording] = [
  Recording(
    "transactions", isPersonal: true,
    #"""
    multi
    get a
    set a 1
    incr a
    exec
    multi
    multi
    get
    exec
    get a
    exec
    exec a
    discard
    discard a
    watch
    watch a
    | set a 2
    multi
    get a
    exec
    get a
    watch a
    unwatch
    | set a 3
    multi
    get a
    exec
    multi
    watch a
    nonsense
    exec
    watch a
    multi
    set b 1
    | del a
    discard
    multi
    lpush a x
    lrange a 0 -1
    incr a
    get nokey
    type a
    exec
    multi
    select 3
    set x y
    get x
    ping
    echo hi
    dbsize
    ~ keys *
    scan 0
    flushdb
    dbsize
    select 0
    exec
    watch a
    expire a 100
    multi
    ping
    exec
    watch nokey
    del nokey
    multi
    ping
    exec
    watch h
    hset h f v
    multi
    ping
    exec
    watch h
    hset h f v
    multi
    ping
    exec
    watch s
    sadd s a
    multi
    ping
    exec
    watch s
    sadd s a
    multi
    ping
    exec
    watch s
    srem s b
    multi
    ping
    exec
    watch s
    flushall
    multi
    ping
    exec
    watch s
    flushall
    multi
    ping
    exec
    watch s
    select 1
    flushdb
    set s x
    multi
    ping
    exec
    select 0
    """#),
  Recording(
    "authentication and the start of a connection", isPersonal: true,
    #"""
    auth x
    auth default x
    auth x y
    auth a b c
    auth
    hello 3 auth nobody x
    hello 3 setname
    hello 3 setname "a b"
    reset
    reset x
    """#),
  Recording(
    "RESP3", isPersonal: true,
    #"""
    # hello 3
    get nokey
    multi
    lpop l 3
    get nokey
    exec
    watch k
    set k 1
    multi
    exec
    hset h f v
    hgetall h
    hgetall none
    sadd s2 1
    smembers s2
    smembers none
    spop s2 1
    spop none 3
    spop none
    zadd z 1 a 2.5 b inf c
    zrange z 0 -1 withscores
    zrange z 0 -1
    zscore z b
    zscore z c
    zscore z n
    zadd z incr 1 b
    zadd z nx incr 1 b
    zpopmin z
    zpopmin z 2
    zpopmin z
    lpop l 3
    config get databases
    config get nonsense
    config get save
    # hello
    # hello 2
    # hello 3
    client getname
    client setname x
    client getname
    reset
    client getname
    get nokey
    # hello 3 auth default x setname me
    client getname
    hello 3 nonsense
    """#),
  Recording(
    "channels", isPersonal: true,
    #"""
    subscribe a
    subscribe a
    ping
    ping x
    get a
    exec
    multi
    hello 3
    | publish a hello
    +
    | publish b hello
    | pubsub channels
    | pubsub numsub a b
    | pubsub numpat
    psubscribe *
    psubscribe a*
    | publish b hello
    +
    | pubsub numpat
    | pubsub channels b*
    | pubsub channels a*
    | pubsub channels a b
    | pubsub nonsense
    | pubsub
    | pubsub numpat x
    unsubscribe a
    | publish c hello
    +
    punsubscribe a*
    punsubscribe *
    punsubscribe
    unsubscribe nonsense
    get a
    | publish a hello
    subscribe a
    reset
    get a
    # hello 3
    subscribe b
    get a
    ping
    ping x
    publish b own
    +
    publish a hello
    | publish b hello
    +
    unsubscribe
    multi
    subscribe x
    publish x hello
    exec
    +
    punsubscribe
    reset
    subscribe
    publish
    publish a
    publish a b c
    multi
    subscribe x
    get a
    ping
    exec
    get a
    reset
    """#),
  Recording(
    "strings of today's clients", isPersonal: true,
    #"""
    setex a 100 v
    get a
    setex a 0 v
    setex a -1 v
    setex a x v
    setex a 9223372036854775807 v
    psetex a 0 v
    psetex a 100000 v
    psetex a 9223372036854775807 v
    psetex a
    getdel a
    getdel a
    rpush l x
    getdel l
    getex l
    getex l ex 10
    getex none ex 0
    getex none
    set a v
    getex a
    getex a ex 0
    getex a ex x
    getex a ex 10 px 10
    getex a nx
    getex a keepttl
    getex a persist ex 10
    getex a persist persist
    getex a ex 10 persist
    getex a ex 10 ex 100
    getex a persist
    ttl a
    getex a persist
    getex a exat 1
    exists a
    set a v
    getex a pxat 1
    exists a
    set a v
    getex a exat 99999999999
    getex a px
    getex a get
    getex a exat -1
    unlink a b l
    unlink
    set f 10.5
    incrbyfloat f 0.1
    incrbyfloat f 1e3
    incrbyfloat f -1010.6
    incrbyfloat f 5.0e3
    incrbyfloat f x
    incrbyfloat f ""
    incrbyfloat f " 1"
    incrbyfloat f "1 "
    incrbyfloat f nan
    incrbyfloat f inf
    incrbyfloat f -inf
    incrbyfloat f 1e400
    incrbyfloat f 1e5000
    incrbyfloat f 1e-5000
    incrbyfloat g 0
    incrbyfloat g -0
    incrbyfloat g 0.1
    incrbyfloat g 0.2
    incrbyfloat g 3.0000000000000001
    incrbyfloat g -0.00000000000000000001
    incrbyfloat f 1e4000
    incrbyfloat z -0.00000000000000000001
    incrbyfloat h 0x10
    set s hello
    incrbyfloat s 1
    rpush l x
    incrbyfloat l 1
    incrbyfloat l x
    set i 3
    expire i 1000
    incrbyfloat i 1.5
    set big 9223372036854775807
    incrbyfloat big 1
    incrbyfloat f
    """#),
  Recording(
    "clients and configuration", isPersonal: true,
    #"""
    client no-evict on
    client no-evict OFF
    client no-evict x
    client no-evict
    client kill
    client kill x
    client kill 127.0.0.1:1
    client kill id x
    client kill id 0
    client kill id -1
    client kill id 99999
    client kill id
    client kill id 1 skipme maybe
    client kill type nonsense
    client kill type master
    client kill type replica
    client kill type pubsub
    client kill user nobody
    client kill addr 1.1.1.1:1
    client kill laddr 1.1.1.1:1
    client kill nonsense x
    client kill id 99999 type
    client kill id 99999 type normal
    config set nonsense x
    config set databases 1
    config set databases 16
    config set save
    config set save "" 
    config set appendonly no
    config set appendonly no appendonly no
    config set appendonly no APPENDONLY no
    config set maxmemory 0
    config set maxmemory 0 save ""
    config set nonsense
    config set a b c
    config set a b c d
    config set requirepass ""
    config get requirepass
    config get notify-keyspace-events
    config rewrite
    config
    """#),
  Recording(
    "scans of nothing", isPersonal: true,
    #"""
    flushall
    scan 0
    scan 0 count 1
    scan 17 count 1
    scan 0 match x
    select 3
    flushdb
    scan 0 count 1
    """#),
  Recording(
    "streams", isPersonal: true,
    #"""
    xadd s 1-1 a b
    xadd s 1-1 a b
    xadd s 0-0 a b
    xadd s2 0-0 a b
    exists s2
    xadd s 1-* a b c d
    xadd s 5 a b
    xadd s 5-* a b
    xadd s 4-* a b
    xadd s 0-* a b
    xadd new 0-* a b
    xadd s x a b
    xadd s - a b
    xadd s + a b
    xadd s 1-1-1 a b
    xadd s 1- a b
    xadd s -1 a b
    xadd s "" a b
    xadd s *
    xadd s * a
    xadd s 9-9 a b c
    xadd none nomkstream 1-1 a b
    exists none
    xlen s
    xlen none
    type s
    xrange s - +
    xrange s 1 1
    xrange s 1-2 +
    xrange s (1-1 +
    xrange s (1-1 (5
    xrange s ( +
    xrange s (- +
    xrange s (18446744073709551615-18446744073709551615 +
    xrange s - (0
    xrange s - + count 1
    xrange s - + count 0
    xrange s - + count -1
    xrange s - + count x
    xrange s - + nonsense
    xrange s - + count
    xrange s + -
    xrange none - +
    xrange none - + count 0
    xadd s maxlen 2 6 a b
    xlen s
    xadd s maxlen = 1 7 a b
    xadd s minid 7 8 a b
    xlen s
    xadd s maxlen 0 9 a b
    xlen s
    exists s
    xadd s 9 a b
    xadd s maxlen -1 10 a b
    xadd s maxlen x 10 a b
    xadd s maxlen 1 minid 1 10 a b
    xadd s maxlen = 1 limit 10 10 a b
    xadd s limit 10 10 a b
    xadd s maxlen ~ 1 limit -1 10 a b
    xadd s maxlen ~ 100 limit 0 10 a b
    xadd s maxlen
    xadd s maxlen 1
    xadd s 18446744073709551615-18446744073709551615 a b
    xadd s * a b
    xadd s 18446744073709551616 a b
    set str x
    xadd str * a b
    xlen str
    xrange str - +
    xadd s 1
    del s
    # hello 3
    xadd s 1-1 a b
    xrange s - +
    xrange s - + count 0
    xadd none nomkstream 1-1 a b
    watch s
    xadd s 2 a b
    multi
    ping
    exec
    """#),
]
