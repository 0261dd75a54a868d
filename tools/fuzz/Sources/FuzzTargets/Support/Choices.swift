/// The decisions that an input makes, byte by byte. Behind its end all decisions are zero.
struct Choices {
  /// The bytes that have decided nothing yet.
  private(set) var rest: ArraySlice<UInt8>

  init(_ input: [UInt8]) { rest = input[...] }

  var isEmpty: Bool { rest.isEmpty }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  mutating func flag() -> Bool { byte() & 1 == 1 }

  /// A number in a range of at most 65,536 numbers.
  mutating func number(_ range: ClosedRange<Int>) -> Int {
    var choice = Int(byte())
    if range.count > 256 { choice = choice << 8 | Int(byte()) }
    return range.lowerBound + choice % range.count
  }

  mutating func element<Element>(_ elements: [Element]) -> Element { elements[number(0...elements.count - 1)] }

  /// Bytes of the input: fewer than asked for at its end.
  mutating func bytes(_ count: Int) -> [UInt8] {
    let bytes = Array(rest.prefix(count))
    rest = rest.dropFirst(count)
    return bytes
  }
}
