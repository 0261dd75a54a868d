// Sleeps on worker threads for as many milliseconds as each line says, while the loops go on.
import ArgumentParser
import ExampleSupport
import Foundation
import Gnet
import Synchronization

@main
struct Blocking: ServerProgram {
  static let summary = "Sleeps on worker threads for as many milliseconds as each line says."

  @Option(in: 1...1024, help: "How many jobs run at once", valueName: "n") var workers = 4

  @Option(in: 1...1_000_000, help: "How many jobs may wait besides", valueName: "n") var queue = 64

  func run(_ server: ServerArguments) throws {
    let pool = WorkerPool(threadCount: workers, queueCapacity: queue)
    defer { pool.shutdown() }
    // A client that ends its stream behind the last request still gets the answers.
    var options = Options()
    options.allowHalfClosure = true
    try server.serve(Service { _ in Session(pool: pool) }, defaultAddress: "tcp://:9000", options: options)
  }
}

/// The connection of a client.
struct Session: ConnectionHandler {
  let pool: WorkerPool
  let unanswered = Unanswered()
  /// Whether a line has arrived in part, or waits until the client has read answers.
  var hasUnread = false

  mutating func react(_ connection: inout Connection, _ input: inout RingBuffer) -> Action {
    let action = connection.forEachLine(in: &input) { connection, line in
      if let milliseconds = Self.milliseconds(line) {
        if !submit(milliseconds, connection.handle) { connection.write("busy\n") }
      } else {
        connection.write("error: a line is a number of milliseconds from 0 to 10000\n")
      }
      return .none
    }
    hasUnread = !input.isEmpty
    guard action == .none, unanswered.isZero else { return action }
    // At the end of the stream, a line without an end is no job.
    let isOver = connection.isInputEnded && !(hasUnread && connection.isOutputFull)
    return isOver || connection.isShuttingDown && !hasUnread ? .close : .none
  }

  /// Ends the connection at once, unless answers are due or a line has arrived in part.
  mutating func shuttingDown(_ connection: inout Connection) -> Action {
    unanswered.isZero && !hasUnread ? .close : .none
  }

  /// Has a worker sleep and answer. Returns whether the pool takes the job.
  private func submit(_ milliseconds: Int, _ handle: ConnectionHandle) -> Bool {
    unanswered.increment()
    let isTaken = pool.submit { [unanswered] in
      Self.sleep(milliseconds, while: handle)
      handle.write("done \(milliseconds)\n")
      unanswered.decrement()
      // The end of the connection may wait for the last answer.
      if unanswered.isZero { handle.wake() }
    }
    if !isTaken { unanswered.decrement() }
    return isTaken
  }

  private static func milliseconds(_ line: [UInt8]) -> Int? {
    guard line.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
    return Int(String(decoding: line, as: UTF8.self)).flatMap { 0...10_000 ~= $0 ? $0 : nil }
  }

  /// Stands for a call that blocks. Sleeps in short steps, to end soon if nobody waits for the answer.
  private static func sleep(_ milliseconds: Int, while handle: ConnectionHandle) {
    for elapsed in stride(from: 0, to: milliseconds, by: 50) where handle.isOpen {
      Thread.sleep(forTimeInterval: Double(min(50, milliseconds - elapsed)) / 1000)
    }
  }
}

/// The number of unanswered jobs of a connection. The loop counts up, the workers count down.
final class Unanswered: Sendable {
  private let count = Atomic(0)

  var isZero: Bool { count.load(ordering: .acquiring) == 0 }
  func increment() { count.add(1, ordering: .relaxed) }
  func decrement() { count.subtract(1, ordering: .acquiringAndReleasing) }
}
