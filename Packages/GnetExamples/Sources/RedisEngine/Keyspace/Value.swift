internal import DequeModule

/// The value of a key. Collections are objects, which are changed in place.
enum Value {
  case string([UInt8])
  case list(ListValue)
  case set(SetValue)
  case hash(HashValue)
  case sortedSet(SortedSet)
  case stream(StreamValue)

  /// The name of the type in the answer of TYPE.
  var typeName: StaticString {
    switch self {
    case .string: "string"
    case .list: "list"
    case .set: "set"
    case .hash: "hash"
    case .sortedSet: "zset"
    case .stream: "stream"
    }
  }
}

/// A collection as the value of a key. Never empty once a command has ended, except for a stream.
protocol CollectionValue: AnyObject {
  init()
  /// The object in a value of this type; `nil` if the value has another type.
  static func unwrap(_ value: Value) -> Self?
  var wrapped: Value { get }
  var isEmpty: Bool { get }
}

final class ListValue: CollectionValue {
  var elements: Deque<[UInt8]> = []

  static func unwrap(_ value: Value) -> ListValue? { if case .list(let list) = value { list } else { nil } }
  var wrapped: Value { .list(self) }
  var isEmpty: Bool { elements.isEmpty }
}

final class SetValue: CollectionValue {
  var members = ByteTable<Void>()

  static func unwrap(_ value: Value) -> SetValue? { if case .set(let set) = value { set } else { nil } }
  var wrapped: Value { .set(self) }
  var isEmpty: Bool { members.isEmpty }
}

final class HashValue: CollectionValue {
  var fields = ByteTable<[UInt8]>()

  static func unwrap(_ value: Value) -> HashValue? { if case .hash(let hash) = value { hash } else { nil } }
  var wrapped: Value { .hash(self) }
  var isEmpty: Bool { fields.isEmpty }
}
