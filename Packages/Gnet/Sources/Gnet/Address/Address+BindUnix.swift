internal import CGnet
internal import SystemPackage

// A server that is killed leaves the file of its socket behind, which nobody can connect to and nobody can bind. The next
// server replaces the file, and must not take the path of a server that lives:
//
// - A socket that exists is told from an abandoned file by connecting to it with a socket of another type. The kernel finds
//   out about the file first (ECONNREFUSED) and about the type second (EPROTOTYPE), so a server is seen from its bind on,
//   before it listens, and hears of nothing.
// - Servers that find the same abandoned file take turns, by a lock on its folder: the second one finds the first one's
//   socket there. The lock leaves nothing behind, and ends with its process.
extension Address {
  /// Binds the path, or the abstract name, and listens.
  ///
  /// - Parameter name: the address of the socket; `nil`: the path as it stands here.
  func bindUnix(
    index: Int, backlog: Int32, options: Options, name: SocketAddress? = nil, on system: some SystemCalls
  ) throws(ServeError) -> BoundSocket {
    assert(scheme == .unix && !path.isEmpty)
    guard let address = RawAddress(path: path) else { throw invalid("the path is too long") }
    var step = SystemCall.socket
    do throws(Errno) {
      let socket = try system.socket(family: AF_UNIX, isDatagram: false)
      step = .setOption
      try system.setStreamOptions(of: socket.fd, family: AF_UNIX, options)
      step = .bind
      try bind(socket.fd, to: address, on: system)
      let bound = BoundSocket(
        socket, address: name ?? SocketAddress(.unix(path: path)), addressIndex: index, isDatagram: false,
        isIPv6: false, backlog: backlog, file: isAbstract ? nil : UnixSocketFile(path: path, system))
      step = .changeMode
      if let permissions = options.unixSocketPermissions, !isAbstract {
        try system.checked(system.setPermissions(ofFileAt: path, UInt32(permissions.rawValue)))
      }
      step = .listen
      try system.checked(system.listen(bound.fd, backlog: backlog))
      assert(bound.file?.isOwned ?? isAbstract, "nobody removes the file")
      return bound
    } catch {
      throw .system(operation: step.rawValue, address: text, error)
    }
  }

  private func bind(_ fd: Int32, to address: RawAddress, on system: some SystemCalls) throws(Errno) {
    assert(address.family == AF_UNIX)
    let result = system.bind(fd, to: address)
    guard result == -EADDRINUSE, try isAbandoned(address, on: system) else {
      try system.checked(result)
      return
    }
    let lock = try lockFolder(on: system)
    // Another server may have taken the path meanwhile.
    if try isAbandoned(address, on: system) { system.removeFile(at: path) }
    try system.checked(system.bind(fd, to: address))
    _ = consume lock
  }

  /// Whether there is the file of a socket that does not exist any more.
  private func isAbandoned(_ address: RawAddress, on system: some SystemCalls) throws(Errno) -> Bool {
    guard !isAbstract, let found = system.identity(ofFileAt: path), found.isSocket else { return false }
    let probe = try system.socket(family: AF_UNIX, isDatagram: true)
    return system.connect(probe.fd, to: address) == -ECONNREFUSED
  }

  /// Waits for the lock of the path's folder, for a second at most: others take a few system calls. `nil` where the folder
  /// may be written to but not read, or the file system has no locks: servers do not take turns there.
  private func lockFolder(on system: some SystemCalls) throws(Errno) -> OwnedSocket? {
    assert(!isAbstract)
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let result = system.lockFolder(at: folder)
    switch -result {
    case EACCES, EBADF, EINVAL, ENOLCK, EOPNOTSUPP: return nil
    default: return OwnedSocket(adopting: try system.checked(result), of: system)
    }
  }
}
