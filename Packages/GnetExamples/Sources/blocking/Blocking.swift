// Sleeps on worker threads for as many milliseconds as each line says, while the loops go on.
import ArgumentParser
import ExampleSupport
import Foundation
import Gnet
import Synchronization

@main
struct Blocking: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "blocking", abstract: "Sleeps on worker threads for as many milliseconds as each line says.")

  @OptionGroup var server: ServerArguments

  @Option(help: ArgumentHelp("How many jobs run at once, 1 to 1024.", valueName: "n"))
  var workers = 4

  @Option(help: ArgumentHelp("How many jobs may wait besides, 1 to 1000000.", valueName: "n"))
  var queue = 64

  func validate() throws {
    guard 1...1024 ~= workers else { throw ValidationError("--workers must be from 1 to 1024.") }
    guard 1...1_000_000 ~= queue else { throw ValidationError("--queue must be from 1 to 1000000.") }
  }

  func run() throws {
    let pool = WorkerPool(threadCount: workers, queueCapacity: queue)
    var events = Events()
    events.onOpened = { connection in
      connection.context = Unanswered()
      return .none
    }
    events.onLine { connection, line in
      guard let unanswered = connection.context as? Unanswered else { return .close }
      guard let milliseconds = Self.milliseconds(line) else {
        connection.write("error: a line is a number of milliseconds from 0 to 10000\n")
        return .none
      }
      let handle = connection.handle
      unanswered.count.add(1, ordering: .relaxed)
      let isTaken = pool.submit {
        Self.sleep(milliseconds, while: handle)
        handle.write("done \(milliseconds)\n")
        // The end of the connection may wait for the last answer.
        if unanswered.count.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { handle.wake() }
      }
      if !isTaken {
        unanswered.count.subtract(1, ordering: .relaxed)
        connection.write("busy\n")
      }
      return .none
    }
    // A client that ends its stream behind the last request still gets the answers.
    var options = Options()
    options.allowHalfClosure = true
    let serveLines = events.react
    events.react = { connection, input in
      let action = serveLines?(&connection, &input) ?? .none
      let unanswered = (connection.context as? Unanswered)?.count.load(ordering: .acquiring) ?? 0
      return action == .none && connection.isInputEnded && unanswered == 0 ? .close : action
    }
    try server.serve(events, defaultAddress: "tcp://:9000", options: options)
    pool.shutdown()
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

/// The number of unanswered jobs of a connection. The workers count it down.
final class Unanswered: Sendable {
  let count = Atomic(0)
}
