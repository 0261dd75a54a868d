/// Bytes, first in, first out.
struct ByteQueue {
  private var bytes: [UInt8] = []
  private var first = 0

  var count: Int { bytes.count - first }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

  /// Takes up to `limit` bytes.
  mutating func take(_ limit: Int) -> ArraySlice<UInt8> {
    let end = min(bytes.count, first + limit)
    let taken = bytes[first..<end]
    first = end
    if first == bytes.count {
      removeAll()
    } else if first > 4096 && first * 2 > bytes.count {
      bytes.removeFirst(first)
      first = 0
    }
    return taken
  }

  /// Puts the last bytes back that were taken.
  mutating func putBack(_ taken: ArraySlice<UInt8>) {
    if isEmpty { bytes = Array(taken) } else { bytes.replaceSubrange(..<first, with: taken) }
    first = 0
  }

  mutating func removeAll() {
    bytes = []
    first = 0
  }
}
