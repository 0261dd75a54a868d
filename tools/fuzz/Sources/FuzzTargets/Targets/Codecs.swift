import GnetCodecs
import RingBuffer

extension FuzzTarget {
  static func codecs(_ choices: inout Choices) {
    let codec = choices.codec()
    let seed = choices.byte()
    let stream = choices.rest
    let outcomes = outcome(of: stream, cutBy: seed) { codec.outcomes(of: $0, in: .array) }
    for form in [Form.ring, .span] {
      let others = codec.outcomes(of: Arrival(stream, cutBy: seed), in: form)
      expectEqual(others, outcomes, "the outcome depends on the form of decoding")
    }
    for outcome in outcomes { if case .frame(let payload) = outcome { codec.expectRoundTrip(of: payload) } }
    codec.expectRoundTrip(of: Array(stream))
  }
}

/// The result of a call of `decode`.
private enum Outcome: Equatable {
  case frame([UInt8])
  case failure(FrameError)
}

/// A form in which `decode` hands a frame over.
private enum Form { case array, ring, span }

extension Choices {
  fileprivate mutating func codec() -> any FrameCodec {
    switch number(0...3) {
    case 0:
      return LineCodec(maximumFrameLength: number(1...64), ending: flag() ? .lineFeed : .carriageReturnLineFeed)
    case 1:
      let limit = number(1...64)
      let delimiter = bytes(number(1...8))
      return DelimiterCodec(delimiter: delimiter.isEmpty ? [0] : delimiter, maximumFrameLength: limit)
    case 2:
      return FixedLengthCodec(frameLength: number(1...64))
    default:
      return lengthFieldCodec()
    }
  }

  private mutating func lengthFieldCodec() -> LengthFieldCodec {
    LengthFieldCodec(
      width: element([.one, .two, .three, .four, .eight]), byteOrder: flag() ? .big : .little, includesField: flag(),
      maximumFrameLength: number(1...256), lengthFieldOffset: number(0...8), lengthAdjustment: number(-20...20),
      strippedPrefixLength: flag() ? nil : number(0...20))
  }
}

extension FrameCodec {
  /// The frames of a stream, and the error if it ends with one.
  fileprivate func outcomes(of arrival: Arrival, in form: Form) -> [Outcome] {
    var outcomes: [Outcome] = []
    arrival.feed { input in
      while let outcome = next(from: &input, in: form) {
        outcomes.append(outcome)
        guard case .failure = outcome else { continue }
        expectEqual(next(from: &input, in: form), outcome, "another error follows")
        return false
      }
      return true
    }
    return outcomes
  }

  /// Decodes once: whole frames are taken, or nothing.
  private func next(from input: inout RingBuffer, in form: Form) -> Outcome? {
    let before = input.peek(input.count)
    do throws(FrameError) {
      if let frame = try frame(from: &input, in: form) {
        expect(input.count < before.count, "a frame takes no bytes")
        expect(before.suffix(input.count).elementsEqual(input.peek(input.count)), "bytes behind a frame have changed")
        return .frame(frame)
      }
    } catch {
      expectEqual(input.peek(input.count), before, "an error takes bytes")
      return .failure(error)
    }
    expectEqual(input.peek(input.count), before, "half a frame is taken")
    return nil
  }

  private func frame(from input: inout RingBuffer, in form: Form) throws(FrameError) -> [UInt8]? {
    switch form {
    case .array: return try decode(from: &input)
    case .span: return try withFrame(from: &input) { span in span.withUnsafeBufferPointer { [UInt8]($0) } }
    case .ring:
      var frame = RingBuffer()
      frame.writeByte(1)
      let isWhole = try decode(from: &input, into: &frame)
      let bytes = frame.readAll()
      expect(bytes[0] == 1 && (isWhole || bytes.count == 1), "the ring of the frame has changed")
      return isWhole ? Array(bytes.dropFirst()) : nil
    }
  }

  /// A payload that `encode` accepts comes out of `decode` again. A refused payload leaves the output unchanged.
  fileprivate func expectRoundTrip(of payload: [UInt8]) {
    var output = RingBuffer()
    do throws(FrameError) {
      try encode(payload, into: &output)
      try encode(payload.span, into: &output)
    } catch {
      return expectEqual(output.count, 0, "a refused payload is written in part")
    }
    let stream = output.readAll()
    let outcomes = outcomes(of: Arrival(whole: stream[...]), in: .array)
    expectEqual(outcomes, [.frame(payload), .frame(payload)], "decoding does not give back what was encoded")
  }
}
