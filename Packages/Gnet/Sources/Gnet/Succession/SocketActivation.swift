internal import CGnet

/// The sockets that a service manager has started a process with.
///
/// Source: sd_listen_fds(3).
struct SocketActivation: Sendable {
  /// The first descriptor.
  private static let start: Int32 = 3

  /// The sockets of this process.
  static let ofThisProcess = SocketActivation(ProcessEnvironment.current, process: cgnet_process())

  /// The names of the sockets, in the order of their descriptors.
  let names: [String]

  /// Why there is no socket, in words.
  struct Problem: Error {
    let reason: String
  }

  /// The sockets that the environment of a process tells of; none if they are meant for another process.
  init(_ environment: [String: String], process: Int32) {
    guard let owner = environment["LISTEN_PID"].flatMap({ Int32($0) }), owner == process,
      let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), count > 0, count <= Int32.max - Self.start
    else {
      names = []
      return
    }
    let told = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
    // systemd's word for a socket without a name.
    names = (0..<Int(count)).map { told.indices.contains($0) && !told[$0].isEmpty ? String(told[$0]) : "unknown" }
  }

  /// The descriptors of the sockets with a name; for an empty name, of the first socket.
  func descriptors(named name: String) throws(Problem) -> [Int32] {
    if names.isEmpty {
      throw Problem(reason: "the process was not started with sockets: LISTEN_FDS and LISTEN_PID tell of none")
    }
    let found = name.isEmpty ? [0] : names.indices.filter { names[$0] == name }
    if found.isEmpty {
      let others = Set(names).sorted().joined(separator: ", ")
      throw Problem(reason: "the process was started with no socket of that name, but with \(others)")
    }
    return found.map { Self.start + Int32($0) }
  }
}

/// The environment of the process.
enum ProcessEnvironment {
  /// The variables and their values, as they are now.
  static var current: [String: String] {
    var variables: [String: String] = [:]
    var next = unsafe cgnet_environment()
    while let list = unsafe next, let entry = unsafe list.pointee {
      let parts = unsafe String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
      unsafe next = list + 1
    }
    return variables
  }
}
