/// A version of TLS.
public enum TLSVersion: Int, Hashable, Comparable, Sendable {
  /// TLS 1.2, RFC 5246.
  case v12 = 12

  /// TLS 1.3, RFC 8446.
  case v13 = 13

  /// Orders by age, the older one first.
  public static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }
}
