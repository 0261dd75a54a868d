/// The limits of a message's parts. A message beyond a limit is refused as soon as that is certain.
///
/// The statuses are those of requests. Every refusal of a response is a `502 Bad Gateway`.
public struct HTTPLimits: Sendable, Hashable {
  /// The most bytes of a request line, or of a response's status line, without its end. More is `414 URI Too Long`.
  public var requestLine = 8 << 10

  /// The most bytes of all field lines, with their ends. More is `431 Request Header Fields Too Large`. Trailers and the
  /// extensions of chunks count anew.
  public var fields = 32 << 10

  /// The most bytes of a body, without the framing of chunks. More is `413 Content Too Large`, for a declared length
  /// before the handler is called.
  public var body = 2 << 20

  /// Creates the default limits.
  public init() {}
}
