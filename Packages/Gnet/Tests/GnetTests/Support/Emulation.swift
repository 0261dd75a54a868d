import Poller
import Testing

#if os(Linux)
  /// Whether the loops wait on libkqueue, which makes a kqueue of epoll within the process, and not on a kernel's.
  let isKqueueEmulated = Poller.backend == .kqueue
#else
  /// The kqueue of the kernel is no emulation.
  let isKqueueEmulated = false
#endif

/// Runs expectations about the errno of a read after a reset. With libkqueue, their failure is a known issue.
///
/// kqueue(2) "returns the socket error (if any) in fflags" along with `EV_EOF`, and leaves it on the socket for the
/// read. libkqueue asks for it with `getsockopt(2)` and `SO_ERROR`, which "returns any pending error on the socket and
/// clears the error status": the read that follows sees the end of a stream.
func withErrnoOfReset(if isReset: Bool = true, _ body: () throws -> Void) rethrows {
  try withKnownIssue("libkqueue takes the error off the socket") {
    try body()
  } when: {
    isReset && isKqueueEmulated
  }
}
