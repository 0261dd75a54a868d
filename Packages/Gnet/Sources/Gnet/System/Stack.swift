/// A growing stack of noncopyable values, which `Array` does not accept.
@safe
struct Stack<Element: ~Copyable>: ~Copyable {
  private var places: UnsafeMutableBufferPointer<Element> = unsafe .init(start: nil, count: 0)
  private(set) var count = 0

  deinit {
    unsafe places.extracting(..<count).deinitialize()
    unsafe places.deallocate()
  }

  mutating func push(_ element: consuming Element) {
    if unsafe count == places.count { grow() }
    assert(unsafe count < places.count)
    unsafe places.initializeElement(at: count, to: element)
    count += 1
  }

  mutating func pop() -> Element? {
    guard count > 0 else { return nil }
    count -= 1
    return unsafe places.moveElement(from: count)
  }

  private mutating func grow() {
    assert(unsafe count == places.count, "a stack grows that has places left")
    let larger = UnsafeMutableBufferPointer<Element>.allocate(capacity: max(16, unsafe places.count * 2))
    _ = unsafe larger.moveInitialize(fromContentsOf: places.extracting(..<count))
    unsafe places.deallocate()
    unsafe places = larger
  }
}

// Unchecked, because the compiler sees a pointer. Only the stack refers to that memory.
extension Stack: @unchecked Sendable where Element: Sendable & ~Copyable {}
