internal import CGnet
public import SystemPackage

/// A process that is to take over a server's listeners: ``Server/handOver(to:)`` starts it.
public struct Successor: Sendable {
  /// The program: a path, or a name to be looked for in `PATH`.
  public var program: String

  /// The arguments, without the name of the program.
  public var arguments: [String]

  /// The environment; `nil`: that of this process. Variables that tell of sockets and of a watchdog of this process are left
  /// out.
  public var environment: [String: String]?

  /// The time within which the successor must be ready.
  public var timeout: Duration = .seconds(30)

  /// A successor that runs the program of this process with the same arguments. A file that has taken the place of the
  /// program's file is run: that is how a program is replaced.
  public init() {
    program = CommandLine.arguments.first ?? ""
    arguments = Array(CommandLine.arguments.dropFirst())
  }

  /// A successor that runs a program with arguments.
  public init(program: String, arguments: [String]) {
    self.program = program
    self.arguments = arguments
  }

  /// Variables of the environment that are for one process, and not for its successor.
  private static let ownVariables = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_PID"]

  /// The environment of the new process.
  private var variables: [String] {
    var variables = environment ?? ProcessEnvironment.current
    for name in Self.ownVariables { variables[name] = nil }
    variables[Predecessor.variable] = "\(cgnet_process())"
    return variables.map { "\($0)=\($1)" }
  }

  /// Starts the process with its end of a channel. Returns its number, or a negated errno.
  func start(_ channel: borrowing Channel) -> Int32 {
    unsafe Self.withList([program] + arguments) { arguments in
      unsafe Self.withList(variables) { environment in
        unsafe cgnet_spawn(program, arguments, environment, channel.fd)
      }
    }
  }

  /// Calls `body` with texts as C takes them: a list that ends with a null pointer.
  private static func withList<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var list: [UnsafeMutablePointer<CChar>?] = unsafe texts.map { unsafe strdup($0) }
    unsafe list.append(nil)
    defer { for index in unsafe list.indices { unsafe free(list[index]) } }
    return unsafe body(list)
  }
}

/// Why a successor has not taken over. The server goes on as before.
public enum HandOverError: Error, Hashable, CustomStringConvertible {
  /// Another successor is being waited for.
  case inProgress
  /// The server shuts down, or has ended.
  case shutdown
  /// The successor was not ready in time, and was ended.
  case timedOut
  /// The successor has ended: its exit code, or the number of the signal that has ended it, below zero.
  case successorEnded(Int32)
  /// A system call failed; its name and the error.
  case system(operation: String, Errno)

  /// The error in one line.
  public var description: String {
    switch self {
    case .inProgress: "another successor is being started"
    case .shutdown: "the server shuts down"
    case .timedOut: "the successor was not ready in time"
    case .successorEnded(let status) where status < 0: "the successor was ended by signal \(-status)"
    case .successorEnded(let status): "the successor has ended with exit code \(status)"
    case .system(let operation, let error): "\(operation) failed: \(error)"
    }
  }
}
