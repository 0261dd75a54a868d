internal import CGnet

/// The system calls that may fail in a simulation.
enum Call {
  case socket, bind, listen, connect, accept, receive, send, receiveDatagrams, sendDatagrams, setOption, getName, close
  case duplicate, changeMode, openSelector, register, watch, wait

  /// The errors that a call has beside those that come from the state of its socket. Source: the manual pages of Linux.
  var errors: [Int32] {
    switch self {
    case .socket, .openSelector: [EMFILE, ENFILE, ENOMEM]
    case .bind: [EADDRINUSE, EACCES]
    case .listen: [EADDRINUSE]
    case .connect: [EADDRNOTAVAIL, ENETUNREACH, EACCES]
    case .accept: [ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTO, EPERM]
    case .receive, .send, .setOption: [ENOBUFS, ENOMEM]
    case .receiveDatagrams: [ENOMEM, ECONNREFUSED, EHOSTUNREACH]
    case .sendDatagrams: [ENOBUFS, EPERM, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EMSGSIZE, EINVAL]
    case .getName: [ENOBUFS]
    case .close: [EIO, EINTR]
    case .duplicate: [EMFILE]
    case .changeMode: [EPERM]
    case .register: [ENOMEM, ENOSPC]
    case .watch, .wait: [ENOMEM]
    }
  }

  /// Whether a signal can interrupt the call.
  var isInterruptible: Bool {
    switch self {
    case .accept, .receive, .send, .receiveDatagrams, .sendDatagrams: true
    default: false
    }
  }
}
