#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

/// The name of this host. Corresponds to `gethostname(2)`.
func hostName() -> String {
  // One more than the longest name there is, for the end that a name that was cut off lacks.
  unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 257) { room in
    unsafe room.initialize(repeating: 0)
    guard unsafe gethostname(room.baseAddress!, room.count - 1) == 0 else { return "" }
    return unsafe String(cString: room.baseAddress!)
  }
}
