public import HTTPTypes
public import RingBuffer

// Answers to a request with its body, later answers, and answers that are sent as they are made.
extension Response {
  /// The answer that a closure gives when the body has arrived.
  ///
  /// - Parameters:
  ///   - limit: the most bytes of the body; more is `413 Content Too Large`. `HTTPLimits.body` holds in any case.
  ///   - answer: called once, with the whole body. A refusal that it throws is the answer.
  public static func collectingBody(
    upTo limit: Int = .max, _ answer: @escaping @Sendable (inout RingBuffer) throws(Refusal) -> Response
  ) -> Response {
    Response(.waiting(WaitingAnswer(bodyLimit: limit, makeSink: { CollectingSink(answer) })))
  }

  /// The answer of a receiver, which is given the body as it arrives.
  ///
  /// Nothing of the body is kept beyond what the loop receives at once.
  ///
  /// - Parameters:
  ///   - limit: the most bytes of the body; more is `413 Content Too Large`. `HTTPLimits.body` holds in any case.
  ///   - makeReceiver: makes the receiver, at once, on the connection's loop.
  public static func receivingBody<Receiver: BodyReceiver & ~Copyable>(
    upTo limit: Int = .max, _ makeReceiver: @escaping @Sendable () -> Receiver
  ) -> Response {
    Response(.waiting(WaitingAnswer(bodyLimit: limit, makeSink: { ReceivingSink(makeReceiver()) })))
  }

  /// An answer that comes later, from any thread.
  ///
  /// Later requests of the connection wait for it.
  ///
  /// - Parameter start: called at once, on the connection's loop, with what the answer is given to.
  public static func later(_ start: @escaping @Sendable (PendingResponse) -> Void) -> Response {
    Response(.waiting(WaitingAnswer(start: .call(start))))
  }

  /// The answer that a task returns, which runs on the connection's loop.
  ///
  /// An error that the task throws is answered as by `Service.http(options:async:)`. When the client goes, the task is cancelled.
  public static func async(_ answer: @escaping @Sendable () async throws -> Response) -> Response {
    Response(.waiting(WaitingAnswer(start: .task(answer))))
  }

  /// An answer whose body is sent as it is made, from any thread.
  ///
  /// - Parameters:
  ///   - status: the status.
  ///   - type: the field `Content-Type`.
  ///   - fields: more header fields.
  ///   - length: the number of bytes of the body. Without it the body is sent in chunks; to a client of HTTP/1.0, it ends
  ///     with the connection.
  ///   - start: called at once, on the connection's loop, with what the body is written to; not called for a HEAD.
  public static func streaming(
    _ status: HTTPResponse.Status = .ok, type: String = "application/octet-stream", fields: HTTPFields = [:],
    length: Int? = nil, _ start: @escaping @Sendable (ResponseBody) -> Void
  ) -> Response {
    precondition(length ?? 0 >= 0, "Response.streaming: a length cannot be negative")
    precondition(
      status.code >= 200 && status.allowsBody, "Response.streaming: an answer of status \(status.code) has no body")
    let head = ComposedAnswer.head(status, type: type, fields: fields)
    return Response(.streamed(StreamedAnswer(head: head, length: length, start: start)))
  }

  /// An answer whose body is written by a task, which runs on the connection's loop.
  ///
  /// The body ends with the task; an error that the task throws cuts the answer off, so that the client does not take it
  /// for whole. When the client goes, the task is cancelled.
  @_disfavoredOverload
  public static func streaming(
    _ status: HTTPResponse.Status = .ok, type: String = "application/octet-stream", fields: HTTPFields = [:],
    length: Int? = nil, async write: @escaping @Sendable (ResponseBody) async throws -> Void
  ) -> Response {
    streaming(status, type: type, fields: fields, length: length) { body in body.write(by: write) }
  }
}

/// A receiver of a request's body, as it arrives. See ``Response/receivingBody(upTo:_:)``.
///
/// ```swift
/// struct Counter: BodyReceiver {
///   var byteCount = 0
///   mutating func receive(_ bytes: Span<UInt8>) { byteCount += bytes.count }
///   mutating func finish() -> Response { Response("\(byteCount) bytes\n") }
/// }
/// ```
public protocol BodyReceiver: ~Copyable, SendableMetatype {
  /// Takes the next bytes of the body, at least one. A refusal that it throws is the answer, after which the connection
  /// closes.
  mutating func receive(_ bytes: Span<UInt8>) throws(Refusal)

  /// Called when the body is complete; also, at once, if the request has none. Returns the answer.
  mutating func finish() throws(Refusal) -> Response
}

/// An answer whose body is sent as it is made.
final class StreamedAnswer: Sendable {
  let head: [UInt8]
  let length: Int?
  let start: @Sendable (ResponseBody) -> Void

  init(head: [UInt8], length: Int?, start: @escaping @Sendable (ResponseBody) -> Void) {
    self.head = head
    self.length = length
    self.start = start
  }
}

/// The way to an answer that is not there yet.
final class WaitingAnswer: Sendable {
  /// The beginning of an answer that does not come from the taker of the body.
  enum Start: Sendable {
    /// Is told where the answer goes.
    case call(@Sendable (PendingResponse) -> Void)
    case task(@Sendable () async throws -> Response)
  }

  let bodyLimit: Int
  /// Makes the taker of the request's body, on the connection's loop; `nil`: the body is not wanted.
  let makeSink: (@Sendable () -> BodySink)?
  let start: Start?

  init(bodyLimit: Int = .max, makeSink: (@Sendable () -> BodySink)? = nil, start: Start? = nil) {
    self.bodyLimit = bodyLimit
    self.makeSink = makeSink
    self.start = start
  }
}
