#if DEBUG

  extension ServerThreads {
    /// Starts a server on the kernel; in debug builds, with the faults that a test has planned.
    static func start(_ plan: ServerPlan) throws(ServeError) -> ServerThreads {
      guard let faults = plan.options.faults else { return try ServerAssembly(plan, on: Kernel.shared).start() }
      return try ServerAssembly(plan, on: FailingSystem(Kernel.shared, faults)).start()
    }
  }

#else

  extension ServerThreads {
    /// Starts a server on the kernel.
    static func start(_ plan: ServerPlan) throws(ServeError) -> ServerThreads {
      try ServerAssembly(plan, on: Kernel.shared).start()
    }
  }

#endif
