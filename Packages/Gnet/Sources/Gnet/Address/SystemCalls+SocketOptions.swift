internal import CGnet
internal import SystemPackage

// The options of a server's own sockets. Accepted connections inherit those of the socket that they were accepted from.
extension SystemCalls {
  /// Sets the options of a listening socket.
  func setStreamOptions(of fd: Int32, family: Int32, _ options: Options) throws(Errno) {
    try setBufferSizes(of: fd, options)
    if family == AF_UNIX { return }
    try set(CGNET_NO_DELAY, options.tcpNoDelay ? 1 : 0, of: fd)
    if let silence = options.tcpKeepAlive {
      try setKeepAlive(of: fd, silence, interval: options.tcpKeepAliveInterval, probes: options.tcpKeepAliveProbes)
    }
    if let timeout = options.tcpUserTimeout { try setUserTimeout(of: fd, timeout) }
  }

  /// Sets the options of a datagram socket that do not depend on its address.
  func setDatagramOptions(of fd: Int32, _ options: Options) throws(Errno) {
    try setBufferSizes(of: fd, options)
    try set(CGNET_RECEIVE_MERGED, 1, of: fd)
  }

  private func setBufferSizes(of fd: Int32, _ options: Options) throws(Errno) {
    if let size = options.socketReceiveBuffer { try set(CGNET_RECEIVE_BUFFER, Int32(clamping: size), of: fd) }
    if let size = options.socketSendBuffer { try set(CGNET_SEND_BUFFER, Int32(clamping: size), of: fd) }
  }
}
