/// A value at a fixed place in memory, which code of one thread shares without counting references.
///
/// Safe to use as long as the place exists: a loop's buffers and the slots of its connections exist as long as
/// the loop runs, and references to them do not leave its thread.
@safe
struct Reference<Value: ~Copyable>: Equatable {
  private let place: UnsafeMutablePointer<Value>

  /// Refers to a value that someone else keeps.
  init(_ place: UnsafeMutablePointer<Value>) { unsafe self.place = place }

  /// Puts a value somewhere; `destroy()` must be called once.
  init(placing value: consuming Value) {
    unsafe place = .allocate(capacity: 1)
    unsafe place.initialize(to: value)
  }

  /// Ends the life of a value put somewhere by `init(placing:)`.
  func destroy() {
    unsafe place.deinitialize(count: 1)
    unsafe place.deallocate()
  }

  var pointee: Value {
    _read { yield unsafe place.pointee }
    nonmutating _modify { yield unsafe &place.pointee }
  }

  static func == (left: Self, right: Self) -> Bool { unsafe left.place == right.place }
}
