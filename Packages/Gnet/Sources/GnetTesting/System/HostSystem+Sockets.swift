internal import CGnet
internal import Gnet

extension HostSystem {
  func openSocket(family: Int32, isDatagram: Bool) -> Int32 {
    if let error = host.failure(of: .socket) { return note("socket", -1, -error) }
    return note("socket", -1, host.open(Descriptor(host, family: family, isDatagram: isDatagram)) ?? -EMFILE)
  }

  func bind(_ fd: Int32, to address: RawAddress) -> Int32 { note("bind", fd, binding(fd, to: address)) }

  private func binding(_ fd: Int32, to raw: RawAddress) -> Int32 {
    guard let descriptor = host[fd] else { return -EBADF }
    if let error = host.failure(of: .bind) { return -error }
    return host.bind(descriptor, to: SocketAddress(raw.storage, length: raw.length))
  }

  func listen(_ fd: Int32, backlog: Int32) -> Int32 {
    guard let descriptor = host[fd], let address = descriptor.bound else { return -EBADF }
    if let error = host.failure(of: .listen) { return note("listen", fd, -error) }
    host.listen(descriptor, at: address, backlog: Int(backlog))
    return note("listen", fd, 0)
  }

  func accept(_ fd: Int32, peer: inout RawAddress) -> Int32 { note("accept", fd, accepting(fd, peer: &peer)) }

  private func accepting(_ fd: Int32, peer: inout RawAddress) -> Int32 {
    guard case .listening(let socket) = host[fd]?.kind else { return -EBADF }
    guard socket.readiness.contains(.readable) else { return -EAGAIN }
    if let error = host.failure(of: .accept) {
      // These errors are of a connection that has gone.
      if error == ECONNABORTED || error == EPROTO || error == EPERM { socket.accept()?.reset() }
      return -error
    }
    guard host.openSocketCount < host.descriptorLimit, let end = socket.accept(),
      let accepted = host.open(Descriptor(end))
    else { return -EMFILE }
    peer = RawAddress(end.remote, isIPv6: socket.isIPv6)
    return accepted
  }

  func connect(_ fd: Int32, to address: RawAddress) -> Int32 { note("connect", fd, connecting(fd, to: address)) }

  private func connecting(_ fd: Int32, to raw: RawAddress) -> Int32 {
    guard let descriptor = host[fd] else { return -EBADF }
    let remote = SocketAddress(raw.storage, length: raw.length)
    if let end = descriptor.stream { return end.isConnecting ? -EALREADY : end.isDead ? -end.takeError() : -EISCONN }
    if let path = remote.path { return connecting(descriptor, toPath: path, remote) }
    if let error = host.failure(of: .connect) { return -error }
    guard world.host(of: remote, from: host) != nil else { return -ENETUNREACH }
    var local = host.source(for: remote, port: descriptor.bound ?? SocketAddress("0.0.0.0:0")!)
    if local.port == 0 { local = local.withPort(of: SocketAddress("0.0.0.0:\(host.takePort())")!) }
    if descriptor.isDatagram {
      let socket = DatagramSocket(host, local: local, isIPv6: descriptor.isIPv6, takesIPv4: false, remote: remote)
      descriptor.kind = .datagrams(socket)
      host.bind(socket)
      return 0
    }
    let end = StreamEnd(host, isUnix: false, local: local, remote: remote)
    end.isIPv6 = descriptor.isIPv6
    descriptor.kind = .stream(end)
    world.connect(end)
    return world.random.happens(world.faults.interruptProbability) ? -EINTR : -EINPROGRESS
  }

  private func connecting(_ descriptor: Descriptor, toPath path: String, _ remote: SocketAddress) -> Int32 {
    if descriptor.isDatagram { return host.files[path].map { $0.isBound ? -EPROTOTYPE : -ECONNREFUSED } ?? -ENOENT }
    if !path.hasPrefix("@") && host.files[path] == nil { return -ENOENT }
    guard let listener = host.listener(for: remote) else { return -ECONNREFUSED }
    if listener.isFull { return -EAGAIN }
    let end = StreamEnd(host, isUnix: true, local: SocketAddress("unix:")!, remote: remote)
    descriptor.kind = .stream(end)
    world.establish(end, at: listener)
    end.finishConnecting()
    return 0
  }

  // MARK: Datagrams

  func receiveDatagrams(_ fd: Int32, into buffers: OpaquePointer) -> Int32 {
    note("recvmmsg", fd, unsafe receivingDatagrams(fd, into: buffers))
  }

  private func receivingDatagrams(_ fd: Int32, into buffers: OpaquePointer) -> Int32 {
    if let error = host.failure(of: .receiveDatagrams) { return -error }
    guard case .datagrams(let socket) = host[fd]?.kind else { return -EBADF }
    // The messages are constant for those that read them, not for the system.
    let messages = unsafe UnsafeMutablePointer(mutating: cgnet_received(buffers)!)
    var count = 0
    while count < Int(CGNET_DATAGRAM_BATCH) {
      let outcome = socket.receive()
      guard case .success(let first) = outcome else { return count > 0 ? Int32(count) : Int32(outcome.code) }
      let isMerged = !first.bytes.isEmpty && world.random.happens(0.5)
      let datagrams = isMerged ? socket.takeMerged(with: first, limit: Int(CGNET_MESSAGE_CAPACITY) - 1) : [first]
      let bytes = datagrams.flatMap(\.bytes)
      let place = unsafe UnsafeMutableRawPointer(mutating: messages[count].bytes!)
      unsafe UnsafeMutableRawBufferPointer(start: place, count: bytes.count).copyBytes(from: bytes)
      let local = socket.reportsLocal ? cgnet_local(first.destination) : cgnet_local()
      unsafe messages[count].byte_count = bytes.count
      unsafe messages[count].segment = datagrams.count > 1 ? first.bytes.count : 0
      unsafe messages[count].ends = cgnet_ends(peer: first.source, isIPv6: socket.isIPv6, local: local)
      count += 1
    }
    return Int32(count)
  }

  func sendDatagrams(_ fd: Int32, _ runs: UnsafeBufferPointer<cgnet_run>, _ bytes: UnsafeRawBufferPointer) -> Int32 {
    note("sendmmsg", fd, unsafe sendingDatagrams(fd, runs, bytes))
  }

  private func sendingDatagrams(
    _ fd: Int32, _ runs: UnsafeBufferPointer<cgnet_run>, _ bytes: UnsafeRawBufferPointer
  ) -> Int32 {
    if let error = host.failure(of: .sendDatagrams) { return -error }
    guard case .datagrams(let socket) = host[fd]?.kind else { return -EBADF }
    var sent: Int32 = 0
    var start = 0
    for place in runs.indices {
      let run = unsafe runs[place]
      if world.random.happens(world.faults.shortTransferProbability / 4) {
        if sent == 0 { socket.block() }
        return sent > 0 ? sent : -EAGAIN
      }
      let peer = run.ends.peer_length == 0 ? socket.remote : SocketAddress(peerOf: run.ends)
      guard let peer else { return sent > 0 ? sent : -EDESTADDRREQ }
      let local = SocketAddress(
        run.ends.local.address, scope: run.ends.local.scope, port: UInt16(socket.local.port ?? 0))
      for index in 0..<Int(run.count) {
        let size = index < Int(run.count) - 1 ? Int(run.segment) : run.byte_count - index * Int(run.segment)
        let datagram = unsafe Array(bytes[start..<start + size])
        start += size
        let result = socket.send(datagram, to: peer, from: local.isUnspecified ? nil : local)
        if result < 0 { return sent > 0 ? sent : result }
      }
      sent += 1
    }
    return sent
  }
}

extension cgnet_local {
  /// The address that a datagram was sent to.
  fileprivate init(_ address: SocketAddress) {
    self.init()
    if !address.isUnspecified { self.address = cgnet_ends(peer: address, isIPv6: true, local: self).peer.sin6_addr }
  }
}
