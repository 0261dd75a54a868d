/// A reference to a value at a fixed address, for code on one thread. Copying it counts no references.
///
/// Valid until `destroy()`. The type is marked safe because its few owners keep two rules: a value pinned by a loop
/// lives as long as the loop, and the reference stays on the loop's thread. Uses therefore need no `unsafe`.
@safe
struct Pinned<Value: ~Copyable>: Equatable {
  private let place: UnsafeMutablePointer<Value>

  /// Refers to a value at an address that another owner manages.
  init(at place: UnsafeMutablePointer<Value>) { unsafe self.place = place }

  /// Allocates memory for a value. The caller must call `destroy()` once.
  init(_ value: consuming Value) {
    unsafe place = .allocate(capacity: 1)
    unsafe place.initialize(to: value)
  }

  /// Destroys and deallocates a value of `init(_:)`.
  func destroy() {
    unsafe place.deinitialize(count: 1)
    unsafe place.deallocate()
  }

  /// Moves the value of `init(_:)` out, and deallocates its memory.
  func take() -> Value {
    let value = unsafe place.move()
    unsafe place.deallocate()
    return value
  }

  /// The value.
  var pointee: Value {
    @inline(__always) _read { yield unsafe place.pointee }
    @inline(__always) nonmutating _modify { yield unsafe &place.pointee }
  }

  static func == (left: Self, right: Self) -> Bool { unsafe left.place == right.place }
}
