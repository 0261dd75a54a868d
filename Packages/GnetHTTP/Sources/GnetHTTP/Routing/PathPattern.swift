/// The pattern of a route's paths.
struct PathPattern: Sendable {
  /// A part between slashes.
  enum Segment: Sendable, Hashable {
    case literal([UInt8])
    case parameter(String)
    /// The rest of the path.
    case rest(String)

    /// The order of segments of one place: the more specific one first.
    var rank: Int {
      switch self {
      case .literal: 0
      case .parameter: 1
      case .rest: 2
      }
    }

    /// Whether both match the same parts.
    func isEquivalent(to other: Segment) -> Bool {
      if case .literal = self { return self == other }
      return rank == other.rank
    }
  }

  let text: String
  let segments: [Segment]

  init(_ text: String) {
    self.text = text
    precondition(text.hasPrefix("/"), "Router: a pattern begins with a slash, not so '\(text)'")
    let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    segments = parts.enumerated().map { index, part in
      if part.hasPrefix(":") { return .parameter(String(part.dropFirst())) }
      guard part.hasPrefix("*") else { return .literal(Self.normalize(part)) }
      precondition(index == parts.count - 1, "Router: a * is in the last segment only, not so in '\(text)'")
      return .rest(String(part.dropFirst()))
    }
  }

  /// The path, if the pattern has no parameters.
  var path: [UInt8]? {
    var path: [UInt8] = []
    for segment in segments {
      guard case .literal(let bytes) = segment else { return nil }
      path += [UInt8(ascii: "/")] + bytes
    }
    return path
  }

  func isEquivalent(to other: PathPattern) -> Bool {
    segments.count == other.segments.count
      && zip(segments, other.segments).allSatisfy { $0.isEquivalent(to: $1) }
  }

  /// Whether the pattern comes before another that matches the same path.
  func isMoreSpecific(than other: PathPattern) -> Bool {
    segments.lazy.map(\.rank).lexicographicallyPrecedes(other.segments.lazy.map(\.rank))
  }

  /// The values of the parameters in a normalised path; `nil` if the path does not match.
  func match(_ path: [UInt8]) -> RouteParameters? {
    var parameters = RouteParameters()
    var start = 1
    for (index, segment) in segments.enumerated() {
      guard start <= path.count else { return nil }
      let end = path[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.count
      switch segment {
      case .literal(let bytes):
        guard path[start..<end].elementsEqual(bytes) else { return nil }
      case .parameter(let name):
        guard end > start else { return nil }
        parameters.append(name, path[start..<end])
      case .rest(let name):
        parameters.append(name, path[start...])
        return parameters
      }
      start = end + 1
      if index == segments.count - 1, end < path.count { return nil }
    }
    return parameters
  }

  /// The bytes as a path has them: characters that a path cannot have are escaped.
  private static func normalize(_ text: Substring) -> [UInt8] {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if CharacterClass(byte).contains(.path) {
        bytes.append(byte)
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        bytes += "%\(digits.count == 1 ? "0" : "")\(digits)".utf8
      }
    }
    return PercentEncoding.normalize(bytes.span)
  }
}

/// The parts of a path that the parameters of its route stand for.
struct RouteParameters: Sendable {
  private var names: [String] = []
  private var values: [String] = []

  mutating func append(_ name: String, _ value: ArraySlice<UInt8>) {
    names.append(name)
    values.append(PercentEncoding.decode(String(decoding: value, as: UTF8.self)))
  }

  subscript(name: String) -> String? { names.firstIndex(of: name).map { values[$0] } }
}
