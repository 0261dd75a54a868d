/// A B+ tree that counts the elements below each node: finds an element by its rank, and a rank by its element, in
/// O(log n).
///
/// Full leaves split, empty ones are removed, and half-empty neighbours are not joined. Source: T. Johnson and D.
/// Shasha, "B-trees with inserts and deletes: why free-at-empty is better than merge-at-half", Journal of Computer and
/// System Sciences, 1993.
struct RankedTree {
  typealias Element = SortedSet.Element

  private final class Node {
    /// The elements of a leaf. In an inner node, `elements[i]` separates `children[i]`, whose elements come before it,
    /// from `children[i + 1]`.
    var elements: [Element] = []
    /// The children of an inner node; empty in a leaf.
    var children: [Node] = []
    var count = 0

    var isLeaf: Bool { children.isEmpty }
    var isFull: Bool { isLeaf ? elements.count >= 64 : children.count >= 64 }

    /// The number of elements that come before the first for which `isBefore` is false. The elements are in order.
    func partition(_ isBefore: (Element) -> Bool) -> Int {
      var low = 0
      var high = elements.count
      while low < high {
        let middle = (low + high) / 2
        if isBefore(elements[middle]) { low = middle + 1 } else { high = middle }
      }
      return low
    }

    /// The child below which an element belongs.
    func childIndex(of element: Element) -> Int { partition { !(element < $0) } }
  }

  private var root = Node()

  mutating func insert(_ element: Element) {
    if root.isFull {
      let grown = Node()
      grown.children = [root]
      grown.count = root.count
      Self.split(childAt: 0, of: grown)
      root = grown
    }
    var node = root
    while true {
      node.count += 1
      if node.isLeaf { break }
      var index = node.childIndex(of: element)
      if node.children[index].isFull {
        Self.split(childAt: index, of: node)
        if !(element < node.elements[index]) { index += 1 }
      }
      node = node.children[index]
    }
    node.elements.insert(element, at: node.partition { $0 < element })
  }

  /// Removes an element that is in the tree.
  mutating func remove(_ element: Element) {
    Self.remove(element, below: root)
    while root.children.count == 1 { root = root.children[0] }
    if root.count == 0 { root = Node() }
  }

  mutating func popFirst() -> Element? {
    var node = root
    while !node.isLeaf { node = node.children[0] }
    guard let first = node.elements.first else { return nil }
    remove(first)
    return first
  }

  func rank(where isBefore: (Element) -> Bool) -> Int {
    var rank = 0
    var node = root
    while !node.isLeaf {
      let index = node.partition(isBefore)
      for child in node.children[..<index] { rank += child.count }
      node = node.children[index]
    }
    return rank + node.partition(isBefore)
  }

  func forEach(in ranks: Range<Int>, backwards: Bool, _ visit: (Element) -> Void) {
    let ranks = ranks.clamped(to: 0..<root.count)
    if !ranks.isEmpty { Self.forEach(in: ranks, below: root, backwards, visit) }
  }

  /// Splits a full child: moves its upper half into a new one behind it.
  private static func split(childAt index: Int, of parent: Node) {
    let lower = parent.children[index]
    let upper = Node()
    let middle: Int
    if lower.isLeaf {
      // Elements that are inserted in order fill their leaves: the last child keeps most of its elements.
      let isLast = index == parent.children.count - 1
      middle = isLast ? lower.elements.count * 7 / 8 : lower.elements.count / 2
      upper.elements = Array(lower.elements[middle...])
      lower.elements.removeSubrange(middle...)
      upper.count = upper.elements.count
      parent.elements.insert(upper.elements[0], at: index)
    } else {
      middle = lower.children.count / 2
      upper.children = Array(lower.children[middle...])
      lower.children.removeSubrange(middle...)
      upper.elements = Array(lower.elements[middle...])
      parent.elements.insert(lower.elements[middle - 1], at: index)
      lower.elements.removeSubrange((middle - 1)...)
      upper.count = upper.children.reduce(0) { $0 + $1.count }
    }
    lower.count -= upper.count
    parent.children.insert(upper, at: index + 1)
  }

  private static func remove(_ element: Element, below node: Node) {
    node.count -= 1
    if node.isLeaf {
      node.elements.remove(at: node.partition { $0 < element })
      return
    }
    let index = node.childIndex(of: element)
    remove(element, below: node.children[index])
    if node.children[index].count == 0 && node.children.count > 1 {
      node.children.remove(at: index)
      node.elements.remove(at: max(index - 1, 0))
    }
  }

  private static func forEach(
    in ranks: Range<Int>, below node: Node, _ backwards: Bool, _ visit: (Element) -> Void
  ) {
    if node.isLeaf {
      if backwards {
        for rank in ranks.reversed() { visit(node.elements[rank]) }
      } else {
        for rank in ranks { visit(node.elements[rank]) }
      }
      return
    }
    // Skips children from the nearer end until the ranks are used up.
    var start = backwards ? node.count : 0
    for step in node.children.indices {
      let child = node.children[backwards ? node.children.count - 1 - step : step]
      if backwards { start -= child.count }
      let low = max(ranks.lowerBound - start, 0)
      let high = min(ranks.upperBound - start, child.count)
      if low < high { forEach(in: low..<high, below: child, backwards, visit) }
      if !backwards { start += child.count }
      if backwards ? start <= ranks.lowerBound : start >= ranks.upperBound { return }
    }
  }
}
