import RingBuffer
import Synchronization
import TestPeers
import TestSupport
import Testing

@testable import Gnet

@Suite struct WorkerPoolTests {
  @Test("every accepted job runs exactly once", arguments: [1, 2, 5])
  func runsAll(threadCount: Int) throws {
    let pool = WorkerPool(threadCount: threadCount, queueCapacity: 16)
    let runs = Lock([Int](repeating: 0, count: 2000))
    for job in 0..<2000 {
      try require("the job is taken") { pool.submit { runs.withLock { $0[job] += 1 } } }
    }
    pool.shutdown()
    #expect(runs.withLock { $0.allSatisfy { $0 == 1 } })
  }

  @Test("one thread runs jobs in the order in which they were submitted")
  func order() throws {
    let pool = WorkerPool(threadCount: 1, queueCapacity: 100)
    let log = Log<Int>()
    for job in 0..<100 { #expect(pool.submit { log.add(job) }) }
    pool.shutdown()
    #expect(log.values == Array(0..<100))
  }

  @Test("a full queue refuses a job at once")
  func full() throws {
    let pool = WorkerPool(threadCount: 2, queueCapacity: 3)
    let gate = Gate()
    for _ in 0..<2 { #expect(pool.submit { gate.pass() }) }
    try require("both threads are busy") { gate.arrived == 2 }
    for _ in 0..<3 { #expect(pool.submit { gate.pass() }) }
    #expect(!pool.submit {})
    gate.open()
    pool.shutdown()
    #expect(gate.arrived == 5)
  }

  @Test("jobs that idle threads are about to run take no place in the queue")
  func idle() {
    let pool = WorkerPool(threadCount: 8, queueCapacity: 1)
    let gate = Gate()
    // At once, so that hardly a thread has woken up.
    for _ in 0..<9 { #expect(pool.submit { gate.pass() }) }
    #expect(!pool.submit {})
    gate.open()
    pool.shutdown()
    #expect(gate.arrived == 9)
  }

  @Test("shutdown runs what was accepted, and refuses what comes after")
  func shutdown() throws {
    let pool = WorkerPool(threadCount: 1, queueCapacity: 8)
    let gate = Gate()
    let log = Log<Int>()
    #expect(pool.submit { gate.pass() })
    for job in 0..<8 {
      try require("the job is taken") { pool.submit { log.add(job) } }
    }
    let isDone = Atomic<Bool>(false)
    let waiters = try (0..<3).map { _ in
      try Thread(name: "waiter") {
        pool.shutdown()
        isDone.store(true, ordering: .releasing)
      }
    }
    try require("the pool is closing") { !pool.submit {} }
    let isDoneEarly = isDone.load(ordering: .acquiring)
    #expect(!isDoneEarly)
    gate.open()
    for waiter in waiters { waiter.join() }
    #expect(log.values == Array(0..<8))
    #expect(!pool.submit {})
  }

  @Test("a pool dropped by its own job finishes what it accepted")
  func dropped() throws {
    let log = Log<Int>()
    let holder = Lock<WorkerPool?>(WorkerPool(threadCount: 1, queueCapacity: 4))
    let gate = Gate()
    _ = holder.withLock {
      $0?.submit {
        gate.pass()
        holder.withLock { $0 = nil }
      }
    }
    for job in 0..<3 { _ = holder.withLock { $0?.submit { log.add(job) } } }
    gate.open()
    try require("the jobs have run") { log.values == [0, 1, 2] }
  }

  @Test("shutting a pool down once more is no trap for a thread that began after the pool's had ended")
  func laterThreads() async {
    await #expect(processExitsWith: .success) {
      let pool = WorkerPool(threadCount: 2, queueCapacity: 1)
      pool.shutdown()
      for _ in 0..<20 { TestThread { pool.shutdown() }.join() }
    }
  }

  @Test("shutting a pool down from its own job is a trap")
  func ownJob() async {
    await #expect(processExitsWith: .failure) {
      let pool = WorkerPool(threadCount: 1, queueCapacity: 1)
      _ = pool.submit { pool.shutdown() }
      awaitTrap()
    }
  }

  @Test("jobs answer through the handle while the loop goes on serving")
  func answers() throws {
    let pool = WorkerPool(threadCount: 2, queueCapacity: 64)
    let events = Events { connection, input in
      let (request, handle) = (input.readAll(), connection.handle)
      if !pool.submit({ handle.write(request.reversed()) }) { connection.write("busy") }
      return .none
    }
    try withServer(events) { server in
      let client = try Client(server.address())
      for round in 0..<50 {
        try client.send("request \(round % 10)")
        #expect(try client.receiveText(9) == String("request \(round % 10)".reversed()))
      }
    }
    pool.shutdown()
  }
}
