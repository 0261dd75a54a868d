import Foundation
import TestPeers
import TestSupport
import Testing

/// The service manager of a program under test: a socket that is told what becomes of the program.
final class ServiceManager {
  let path = Files.temporaryPath()
  private let socket: Client
  /// The processes that were told to be the main one.
  private var successors: [Int32] = []

  init() throws { socket = try Client(boundTo: path, datagrams: true) }

  deinit {
    Files.remove(path)
    // Successors are no children of the test: they are ended here.
    for process in successors { kill(process, SIGKILL) }
  }

  /// The environment of a program.
  var environment: [String: String] { ["NOTIFY_SOCKET": path] }

  /// The next message.
  func message() throws -> String { String(decoding: try socket.receive(), as: UTF8.self) }

  /// Receives the message of a hand-over. Returns the number of the successor.
  func successor() throws -> Int32 {
    let message = try message()
    let process = try #require(message.wholeMatch(of: /READY=1\nMAINPID=(?<process>[0-9]+)/)?.process, "\(message)")
    let number = try #require(Int32(process))
    successors.append(number)
    return number
  }

  /// Has the program hand over, and waits until that is done. Returns the number of the successor.
  func handOver(from process: Int32) throws -> Int32 {
    kill(process, SIGUSR2)
    #expect(try message().hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
    return try successor()
  }

  /// Ends a successor in order.
  func end(_ process: Int32) throws {
    kill(process, SIGTERM)
    #expect(try message() == "STOPPING=1")
    try require("the successor ends") { !isRunning(process) }
    successors.removeAll { $0 == process }
  }
}

/// Whether a process that is no child of the test runs. One that has ended may wait to be collected.
func isRunning(_ process: Int32) -> Bool {
  guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
    let end = text.lastIndex(of: ")")
  else { return false }
  return !text[end...].hasPrefix(") Z") && !text[end...].hasPrefix(") X")
}
