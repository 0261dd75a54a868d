/// The memory of a C message under construction. All of it is freed when this value is dropped.
@safe
struct MessageMemory: ~Copyable {
  private var blocks: [UnsafeMutableRawPointer] = unsafe []

  deinit {
    for index in unsafe blocks.indices { unsafe blocks[index].deallocate() }
  }

  /// Uninitialised memory for values of a trivial type, such as a struct of C.
  mutating func allocate<Value>(_ type: Value.Type, count: Int) -> UnsafeMutablePointer<Value> {
    let values = UnsafeMutablePointer<Value>.allocate(capacity: count)
    unsafe blocks.append(UnsafeMutableRawPointer(values))
    return unsafe values
  }

  /// A copy of `values`.
  mutating func copy<Value>(_ values: [Value]) -> UnsafeMutablePointer<Value> {
    let copy = unsafe allocate(Value.self, count: values.count)
    for index in values.indices { unsafe (copy + index).initialize(to: values[index]) }
    return unsafe copy
  }

  /// A copy of `text` that ends with a zero byte.
  mutating func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
    unsafe copy(text.utf8.map { CChar(bitPattern: $0) } + [0])
  }

  /// An array of the addresses of `count` values that lie side by side from `first`.
  mutating func addresses<Value>(of first: UnsafeMutablePointer<Value>, count: Int)
    -> UnsafeMutablePointer<UnsafeMutablePointer<Value>?>
  {
    let addresses = unsafe allocate(UnsafeMutablePointer<Value>?.self, count: count)
    for index in 0..<count { unsafe (addresses + index).initialize(to: first + index) }
    return unsafe addresses
  }
}
