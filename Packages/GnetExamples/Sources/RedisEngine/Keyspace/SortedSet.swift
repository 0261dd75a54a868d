/// Members with scores, in the order of the scores. Members with equal scores are in the order of their bytes.
final class SortedSet: CollectionValue {
  struct Element {
    let score: Double
    let member: [UInt8]

    static func < (left: Element, right: Element) -> Bool {
      left.score != right.score ? left.score < right.score : precedes(left.member, right.member)
    }
  }

  private var scores = ByteTable<Double>()
  private var order = RankedTree()

  static func unwrap(_ value: Value) -> SortedSet? { if case .sortedSet(let set) = value { set } else { nil } }
  var wrapped: Value { .sortedSet(self) }
  var isEmpty: Bool { scores.isEmpty }
  var count: Int { scores.count }

  func score(of member: borrowing Key) -> Double? { scores.place(of: member).map { scores[$0] } }

  /// Adds a member, or moves it to another score. The sign of zero is not kept.
  func set(_ member: borrowing Key, score: Double) {
    let score = score + 0
    guard let place = scores.place(of: member) else {
      let kept = member.bytes.array
      scores.insert(kept, hash: member.hash, score)
      order.insert(Element(score: score, member: kept))
      return
    }
    let kept = scores.entries[place].key
    order.remove(Element(score: scores[place], member: kept))
    scores[place] = score
    order.insert(Element(score: score, member: kept))
  }

  /// Removes the first element.
  func popFirst() -> Element? {
    guard let first = order.popFirst() else { return nil }
    if let place = scores.place(of: Key(first.member.span)) { scores.remove(at: place) }
    return first
  }

  /// The number of elements before the first for which `isBefore` is false.
  func rank(where isBefore: (Element) -> Bool) -> Int { order.rank(where: isBefore) }

  /// Visits the elements with some ranks, forwards or backwards.
  func forEach(in ranks: Range<Int>, backwards: Bool = false, _ visit: (Element) -> Void) {
    order.forEach(in: ranks, backwards: backwards, visit)
  }
}
