import GnetCodecs
import RingBuffer
import TestSupport
import Testing

/// The result of a call of `decode`.
enum Outcome: Equatable {
  case frame([UInt8])
  case unfinished
  case failure(FrameError)

  /// A frame of text.
  static func text(_ text: String) -> Outcome { .frame(Array(text.utf8)) }

  var isFrame: Bool {
    if case .frame = self { true } else { false }
  }
}

/// A form in which `decode` hands a frame over.
enum Form: CaseIterable {
  case array, emptyRing, filledRing, span
}

extension Span<UInt8> {
  /// A copy of the bytes.
  var array: [UInt8] { unsafe withUnsafeBytes { unsafe [UInt8]($0) } }
}

extension FrameCodec {
  /// Decodes once.
  func outcome(from input: inout RingBuffer, form: Form = .array) -> Outcome {
    do throws(FrameError) {
      guard let frame = try frame(from: &input, form: form) else { return .unfinished }
      return .frame(frame)
    } catch {
      return .failure(error)
    }
  }

  private func frame(from input: inout RingBuffer, form: Form) throws(FrameError) -> [UInt8]? {
    switch form {
    case .array: return try decode(from: &input)
    case .span: return try withFrame(from: &input) { $0.array }
    case .emptyRing, .filledRing:
      var frame = RingBuffer()
      let before = form == .filledRing ? [0xEE, 0xEF] as [UInt8] : []
      frame.write(before)
      let isWhole = try decode(from: &input, into: &frame)
      let bytes = frame.readAll()
      check(bytes.starts(with: before), "what the ring held is lost")
      check(isWhole || bytes == before, "the ring has been written to without a frame")
      return isWhole ? [UInt8](bytes.dropFirst(before.count)) : nil
    }
  }

  /// Decodes a stream that comes all at once, until something else than a frame comes out.
  func outcomes(of stream: [UInt8]) -> [Outcome] { outcomes(of: [stream[...]]) }

  /// Decodes a stream of text that comes all at once.
  func outcomes(of stream: String) -> [Outcome] { outcomes(of: Array(stream.utf8)) }

  /// Decodes a stream that comes in pieces, all that there is after each, until the end or an error; in every form.
  ///
  /// - Parameter start: The index in the storage at which the stream begins, so that it wraps around the end.
  func outcomes(of pieces: [ArraySlice<UInt8>], startingAt start: Int = 0) -> [Outcome] {
    let outcomes = outcomes(of: pieces, startingAt: start, form: .array)
    for form in Form.allCases.dropFirst() {
      let others = self.outcomes(of: pieces, startingAt: start, form: form)
      check(others == outcomes, "\(form) gives \(others), and an array \(outcomes)")
    }
    return outcomes
  }

  private func outcomes(of pieces: [ArraySlice<UInt8>], startingAt start: Int, form: Form) -> [Outcome] {
    var input = RingBuffer()
    input.write([UInt8](repeating: 0xEE, count: start))
    var isPadded = start > 0
    var outcomes: [Outcome] = []
    for piece in pieces {
      for byte in piece {
        input.writeByte(byte)
        // An empty ring would start over at index 0.
        if isPadded { input.discard(start) }
        isPadded = false
      }
      if isPadded { continue }
      while case let outcome = self.outcome(from: &input, form: form), outcome != .unfinished {
        outcomes.append(outcome)
        if !outcome.isFrame { return outcomes }
      }
    }
    return outcomes + [.unfinished]
  }

  /// The error with which encoding refuses a payload, or nil; the same for every form of the payload.
  func refusal(of payload: [UInt8]) -> FrameError? {
    let refusal = refusal(of: payload) { payload, output throws(FrameError) in try encode(payload, into: &output) }
    let others = [
      self.refusal(of: payload) { payload, output throws(FrameError) in try encode(payload.span, into: &output) },
      self.refusal(of: payload) { payload, output throws(FrameError) in
        try encode(unsafe payload.span.bytes, into: &output)
      },
    ]
    check(others == [refusal, refusal], "\(payload) as a span gives \(others)")
    return refusal
  }

  private func refusal(
    of payload: [UInt8], encode: ([UInt8], inout RingBuffer) throws(FrameError) -> Void
  ) -> FrameError? {
    var output = RingBuffer()
    output.write("before")
    do throws(FrameError) {
      try encode(payload, &output)
      return nil
    } catch {
      check(output.readAll() == Array("before".utf8), "what was refused has been written in part")
      return error
    }
  }

  /// The error with which encoding refuses a text, or nil.
  func refusal(of payload: String) -> FrameError? { refusal(of: Array(payload.utf8)) }

  /// The frames of some payloads, one behind the other; the same for every form of the payloads.
  func stream(of payloads: [[UInt8]]) throws(FrameError) -> [UInt8] {
    var output = RingBuffer()
    for payload in payloads { try encode(payload, into: &output) }
    let stream = output.readAll()
    for payload in payloads { try encode(payload.span, into: &output) }
    check(output.readAll() == stream, "spans are encoded otherwise")
    for payload in payloads { try encode(unsafe payload.span.bytes, into: &output) }
    check(output.readAll() == stream, "raw spans are encoded otherwise")
    return stream
  }
}

extension SeededGenerator {
  /// Some bytes of an alphabet.
  mutating func bytes(_ count: Int, of alphabet: [UInt8]) -> [UInt8] {
    (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &self)] }
  }

  /// A stream, cut into pieces of up to a length.
  mutating func pieces(of stream: [UInt8], upTo longest: Int) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var rest = stream[...]
    while !rest.isEmpty {
      pieces.append(rest.prefix(Int.random(in: 1...longest, using: &self)))
      rest = rest.dropFirst(pieces[pieces.count - 1].count)
    }
    return pieces
  }
}
