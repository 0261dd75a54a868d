internal import Gnet
package import GnetMetrics
package import SystemPackage

/// The reason why a socket could not be read.
package enum ReadingFailure: Error, Hashable, CustomStringConvertible {
  /// The path is none that a socket can have, for a reason.
  case invalidPath(reason: String)
  /// The file is no socket.
  case noSocket
  /// Reading took longer than the time-out.
  case timedOut(Duration)
  /// The bytes are more than any snapshot has.
  case tooLong(limit: Int)
  /// The stream ended without a byte.
  case silent
  /// The bytes are no snapshot.
  case unreadable(MetricsSnapshotError)
  /// A system call failed.
  case system(Errno)
  /// The reader's server was shut down.
  case interrupted

  /// The failure and a remedy, without the socket's path.
  package var description: String {
    switch self {
    case .invalidPath(let reason): "is no path that a socket can have: \(reason)"
    case .noSocket: "is no socket; give the path that the server was given for its metrics"
    case .timedOut(let limit): "did not answer within \(limit); is its process stopped, or is it no metrics socket?"
    case .tooLong(let limit): "sent more than \(limit >> 20) MiB, which no metrics socket does"
    case .silent: "closed without sending a snapshot; is it a metrics socket?"
    case .unreadable(let error): "\(error); is it a metrics socket, of this version?"
    case .system(.noSuchFileOrDirectory): "there is no such socket; does the server run, and with this path?"
    case .system(.connectionRefused): "refuses connections; the server that left it there does not run any more"
    case .system(.permissionDenied):
      "may not be read by this user; only the server's own user may, unless it says otherwise"
    case .system(let error): "\(error)"
    case .interrupted: "was not read to the end: interrupted"
    }
  }
}

extension ReadingFailure {
  /// The failure to connect to the socket at `path` within `timeout`.
  init(_ error: ConnectError, path: String, timeout: Duration) {
    switch error {
    case .invalidAddress(_, let reason): self = .invalidPath(reason: reason)
    case .timedOut: self = .timedOut(timeout)
    case .system(_, _, .connectionRefused) where Platform.isOtherThanSocket(path): self = .noSocket
    case .system(_, _, let error): self = .system(error)
    // The path of a socket is never looked up as a name, and there is no filter.
    case .shutdown, .nameNotFound, .filter: self = .interrupted
    }
  }
}
