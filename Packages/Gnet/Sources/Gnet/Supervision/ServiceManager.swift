internal import CGnet

/// The service manager that has started the process, such as systemd, and the messages to it.
///
/// The manager is told by a datagram to the socket that `NOTIFY_SOCKET` names. Without this variable nothing is sent. Source:
/// sd_notify(3).
public enum ServiceManager {
  /// A message of a service to its manager.
  public enum Message: Sendable, Hashable {
    /// The service is ready, or ready again (`READY=1`).
    case ready
    /// The service is ready, and another process is its main process from now on (`READY=1`, `MAINPID=`).
    case readyAsMain(process: Int32)
    /// The service reads its settings anew or is being replaced; ``ready`` follows (`RELOADING=1`).
    case reloading
    /// The service has begun to end (`STOPPING=1`).
    case stopping
    /// The service is alive (`WATCHDOG=1`).
    case alive
    /// A line for people (`STATUS=`).
    case status(String)

    /// The assignments of the message.
    var text: String {
      switch self {
      case .ready: "READY=1"
      case .readyAsMain(let process): "READY=1\nMAINPID=\(process)"
      case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(cgnet_now() / 1000)"
      case .stopping: "STOPPING=1"
      case .alive: "WATCHDOG=1"
      case .status(let text): "STATUS=\(text.escapingControls)"
      }
    }
  }

  /// Tells the manager something. May be called on any thread; never blocks.
  ///
  /// - Returns: whether there is a manager that has taken the message.
  @discardableResult
  public static func notify(_ message: Message) -> Bool {
    notify(message, at: ProcessEnvironment.current["NOTIFY_SOCKET"])
  }

  /// Sends a message to a socket: a path, or a name of the abstract namespace behind an `@`.
  static func notify(_ message: Message, at path: String?) -> Bool {
    guard let path, path.hasPrefix("/") || path.hasPrefix("@"), let address = RawAddress(path: path),
      let socket = try? Kernel.shared.socket(family: AF_UNIX, isDatagram: true),
      Kernel.shared.connect(socket.fd, to: address) == 0
    else { return false }
    let bytes = Array(message.text.utf8)
    return unsafe bytes.withUnsafeBytes {
      unsafe Kernel.shared.send(socket.fd, $0, UnsafeRawBufferPointer(start: nil, count: 0)) == bytes.count
    }
  }

  /// The time within which the manager wants to hear ``Message/alive`` again and again; `nil` if it does not.
  ///
  /// Source: sd_watchdog_enabled(3).
  public static var watchdogInterval: Duration? {
    watchdogInterval(ProcessEnvironment.current, process: cgnet_process())
  }

  static func watchdogInterval(_ environment: [String: String], process: Int32) -> Duration? {
    if let owner = environment["WATCHDOG_PID"], Int32(owner) != process { return nil }
    guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 else { return nil }
    return .microseconds(microseconds)
  }
}
