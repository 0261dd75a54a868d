#if DEBUG

  extension ServerThreads {
    /// Starts a server on the kernel; in debug builds, with the faults that a test has planned.
    static func start(_ events: Events, _ options: Options, on addresses: [String]) throws(ServeError) -> ServerThreads
    {
      guard let plan = options.faults else {
        return try ServerAssembly(events, options, on: Kernel.shared).start(on: addresses)
      }
      return try ServerAssembly(events, options, on: FailingSystem(Kernel.shared, plan)).start(on: addresses)
    }
  }

#else

  extension ServerThreads {
    /// Starts a server on the kernel.
    static func start(_ events: Events, _ options: Options, on addresses: [String]) throws(ServeError) -> ServerThreads
    {
      try ServerAssembly(events, options, on: Kernel.shared).start(on: addresses)
    }
  }

#endif
