#if os(Linux)
  import CPoller
  import Testing

  @Suite("closed standard descriptors")
  struct StandardDescriptorTests {
    @Test("are no poller's")
    func numbers() async {
      // In a process of its own, which gives its standard descriptors up.
      await #expect(processExitsWith: .success) {
        for fd in Int32(0)..<3 { _ = cpoller_close(fd) }
        for _ in 0..<3 {
          try #require(cpoller_epoll_create() > 2)
          try #require(cpoller_eventfd() > 2)
          try #require(cpoller_timerfd() > 2)
        }
      }
    }
  }
#endif
