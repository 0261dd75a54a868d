/// A value at a fixed place in memory, which code of one thread shares without counting references.
///
/// Valid as long as the place exists. What a loop pins lives as long as the loop, and no pin leaves the loop's thread:
/// with these two rules kept by its few owners, uses need no `unsafe`, which is why the type is marked safe.
@safe
struct Pinned<Value: ~Copyable>: Equatable {
  private let place: UnsafeMutablePointer<Value>

  /// Refers to a value at a place that another owner keeps.
  init(at place: UnsafeMutablePointer<Value>) { unsafe self.place = place }

  /// Gives a value a place of its own; `destroy()` must be called once.
  init(_ value: consuming Value) {
    unsafe place = .allocate(capacity: 1)
    unsafe place.initialize(to: value)
  }

  /// Ends the life of a value placed by `init(_:)`.
  func destroy() {
    unsafe place.deinitialize(count: 1)
    unsafe place.deallocate()
  }

  /// The value.
  var pointee: Value {
    @inline(__always) _read { yield unsafe place.pointee }
    @inline(__always) nonmutating _modify { yield unsafe &place.pointee }
  }

  static func == (left: Self, right: Self) -> Bool { unsafe left.place == right.place }
}
