/// The memory of a C message under construction: all that was taken is given back at once, at the end.
@safe
struct MessageMemory: ~Copyable {
  private var blocks: [UnsafeMutableRawPointer] = unsafe []

  deinit {
    for index in unsafe blocks.indices { unsafe blocks[index].deallocate() }
  }

  /// Uninitialised room for values of a type that needs no end of life, such as a struct of C.
  mutating func allocate<Value>(_ type: Value.Type, count: Int) -> UnsafeMutablePointer<Value> {
    let values = UnsafeMutablePointer<Value>.allocate(capacity: count)
    unsafe blocks.append(UnsafeMutableRawPointer(values))
    return unsafe values
  }

  /// A copy of `values`.
  mutating func copy<Value>(_ values: [Value]) -> UnsafeMutablePointer<Value> {
    let room = unsafe allocate(Value.self, count: values.count)
    for index in values.indices { unsafe (room + index).initialize(to: values[index]) }
    return unsafe room
  }

  /// A copy of `text` that ends with a zero byte.
  mutating func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
    unsafe copy(text.utf8.map { CChar(bitPattern: $0) } + [0])
  }

  /// The addresses of `count` values that follow each other from `first`.
  mutating func addresses<Value>(of first: UnsafeMutablePointer<Value>, count: Int)
    -> UnsafeMutablePointer<UnsafeMutablePointer<Value>?>
  {
    let room = unsafe allocate(UnsafeMutablePointer<Value>?.self, count: count)
    for index in 0..<count { unsafe (room + index).initialize(to: first + index) }
    return unsafe room
  }
}
