#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The calls of the C library that this target makes, in types of Swift. No other file imports it.
enum Platform {
  /// Writes out all that standard output has buffered. Corresponds to `fflush(3)`.
  static func flushOutput() { fflush(nil) }

  /// Opens `/dev/null` for each standard descriptor that is closed: a socket with its number would be sent the output of the
  /// program. Corresponds to `open(2)`.
  static func openClosedStreams() {
    while true {
      let file = unsafe open("/dev/null", O_RDWR)
      if file > STDERR_FILENO { close(file) }
      if file < 0 || file > STDERR_FILENO { return }
    }
  }

  /// Has writing to a pipe whose reader has gone be an error, and not the end of the program. Corresponds to `signal(3)`.
  static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

  /// Raises the number of descriptors that the process may have to the most that it may be raised to. Corresponds to
  /// `setrlimit(2)`.
  static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard unsafe getrlimit(descriptors, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(descriptors, &limit)
  }

  #if canImport(Glibc)
    private static let descriptors = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
  #else
    private static let descriptors = RLIMIT_NOFILE
  #endif
}

// MARK: - Signals

extension Platform {
  /// The signals that ask a program to end. SIGHUP does not where it was ignored when the program was started, as by
  /// nohup(1).
  private static let terminationSignals: sigset_t = {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    unsafe sigaddset(&set, SIGINT)
    unsafe sigaddset(&set, SIGTERM)
    if !isIgnored(SIGHUP) { unsafe sigaddset(&set, SIGHUP) }
    return set
  }()

  /// Whether a signal is ignored; it must have no handler. Corresponds to `signal(3)`.
  private static func isIgnored(_ number: Int32) -> Bool {
    let before = signal(number, SIG_IGN)
    let isIgnored = unsafe unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    if !isIgnored { signal(number, SIG_DFL) }
    return isIgnored
  }

  /// The signal that asks for a successor.
  static let handOverSignal = SIGUSR2

  /// All signals that a server waits for.
  private static let allSignals: sigset_t = {
    var set = terminationSignals
    unsafe sigaddset(&set, handOverSignal)
    return set
  }()

  /// Leaves the signals pending on this thread and those that it creates. Corresponds to `pthread_sigmask(3)`.
  static func blockSignals() {
    var set = allSignals
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Gives the signals that end a program their effect on this thread again. Corresponds to `pthread_sigmask(3)`.
  static func unblockTerminationSignals() {
    var set = terminationSignals
    unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// Takes a pending signal, or waits for one. Corresponds to `sigwait(3)`.
  static func waitForSignal() -> Int32 {
    var set = allSignals
    var number: Int32 = 0
    while unsafe sigwait(&set, &number) != 0 {}
    return number
  }

  /// Sends a signal that ends the program to this process. Corresponds to `kill(2)`.
  static func sendTerminationSignal() { kill(getpid(), SIGTERM) }
}
