/// State that only the thread of an event loop uses, in an object that other threads know too.
///
/// The object has the state in a property that is `nonisolated(unsafe)`, since the compiler does not know the rule. In debug
/// builds, each access asserts that the rule is kept.
struct Confined<Value: ~Copyable>: ~Copyable {
  private var value: Value

  /// Begins with a value, on any thread, before others know the object.
  init(_ value: consuming Value) { self.value = value }

  /// The value; for the thread of the object's loop.
  subscript(on loop: EventLoop) -> Value {
    @inline(__always) _read {
      assert(loop.admitsCaller, "the state of event loop \(loop.index) is read by another thread")
      yield value
    }
    @inline(__always) _modify {
      assert(loop.admitsCaller, "the state of event loop \(loop.index) is changed by another thread")
      yield &value
    }
  }
}
