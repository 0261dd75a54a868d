import GnetCodecs
import RingBuffer
import TestSupport
import Testing

@Suite("Without an array for each frame")
struct FormTests {
  @Test("a frame's bytes are seen where they lie, unless they wrap")
  func inPlace() throws {
    let codec = LengthFieldCodec(width: .one)
    for start in 0..<64 {
      var input = RingBuffer(minimumCapacity: 64)
      input.write([UInt8](repeating: 0, count: start) + [3])
      input.discard(start)
      input.write([7, 8, 9, 1])
      let before = input.readable.first.address
      let seen = try codec.withFrame(from: &input) { frame in
        (address: frame.address, bytes: frame.array)
      }
      let isWrapped = start == 61 || start == 62
      let expected = start == 63 ? before - 63 : before + 1
      check(seen?.bytes == [7, 8, 9] && (seen?.address == expected) == !isWrapped, "start \(start)")
      check(input.readAll() == [1], "start \(start)")
    }
  }

  @Test("a whole ring that is one frame changes hands without a copy")
  func handingOver() throws {
    var input = RingBuffer()
    var frame = RingBuffer()
    input.write([UInt8](repeating: 1, count: 1000))
    let address = input.readable.first.address
    let isWhole = try FixedLengthCodec(frameLength: 1000).decode(from: &input, into: &frame)
    #expect(isWhole && frame.count == 1000 && input.count == 0)
    #expect(frame.readable.first.address == address)
  }

  @Test("an error of the body leaves the frame where it is")
  func throwingBody() throws {
    for codec in [LineCodec(), DelimiterCodec(delimiter: 10)] as [any FrameCodec] {
      var input = RingBuffer()
      input.write("abc\ndef\n")
      #expect(throws: FrameError.invalidPayload) {
        try codec.withFrame(from: &input) { _ throws(FrameError) in throw FrameError.invalidPayload }
      }
      #expect(codec.outcome(from: &input) == .text("abc"))
    }
  }

  @Test("frames are echoed from span to ring")
  func echo() throws {
    let codec = LineCodec(ending: .carriageReturnLineFeed)
    var input = RingBuffer()
    var output = RingBuffer()
    input.write("one\n\ntwo\r\nthr")
    var count = 0
    while try codec.withFrame(from: &input, { line throws(FrameError) in try codec.encode(line, into: &output) }) != nil
    {
      count += 1
    }
    #expect(count == 3)
    #expect(output.readAll() == Array("one\r\n\r\ntwo\r\n".utf8))
    #expect(input.readAll() == Array("thr".utf8))
  }

  @Test("a codec that knows arrays only has all the other forms, too")
  func foreign() throws {
    let codec = Tagged()
    let stream = try codec.stream(of: [[1, 2], [], [3]])
    #expect(stream == [9, 2, 1, 2, 9, 0, 9, 1, 3])
    #expect(codec.outcomes(of: stream + [9, 1]) == [.frame([1, 2]), .frame([]), .frame([3]), .unfinished])
    #expect(codec.outcomes(of: [8]) == [.failure(.invalidPayload)])
    #expect(codec.refusal(of: [UInt8](repeating: 0, count: 256)) == .frameTooLong(limit: 255))
  }

  @Test("a codec that says where its frames lie has all forms of decoding")
  func inPlaceCodec() throws {
    let codec = Padded()
    let stream = try codec.stream(of: [[1, 2], [], [3]])
    #expect(stream == [2, 1, 2, 0xFF, 0, 0xFF, 1, 3, 0xFF])
    for start in 0..<32 {
      let outcomes = codec.outcomes(of: [(stream + [1, 7])[...]], startingAt: start)
      #expect(outcomes == [.frame([1, 2]), .frame([]), .frame([3]), .unfinished])
    }
    #expect(codec.outcomes(of: [1, 2, 3]) == [.failure(.invalidPayload)])
  }

  @Test("a frame that is longer than the input is a trap")
  func wrongBounds() async {
    await #expect(processExitsWith: .failure) {
      var input = RingBuffer()
      input.write([1, 2, 3])
      _ = try Overlong().decode(from: &input)
    }
    await #expect(processExitsWith: .failure) { _ = FrameBounds(payload: -1) }
  }
}

/// A length byte, a body and a byte of ones.
private struct Padded: InPlaceFrameCodec {
  func encode(_ payload: [UInt8], into output: inout RingBuffer) throws(FrameError) {
    output.write([UInt8(payload.count)] + payload + [0xFF])
  }

  func nextFrame(in input: borrowing RingBuffer) throws(FrameError) -> FrameBounds? {
    guard !input.isEmpty, input.count >= Int(input[0]) + 2 else { return nil }
    let length = Int(input[0])
    guard input[length + 1] == 0xFF else { throw .invalidPayload }
    return FrameBounds(prefix: 1, payload: length, suffix: 1)
  }
}

/// A codec with a mistake.
private struct Overlong: InPlaceFrameCodec {
  func encode(_ payload: [UInt8], into output: inout RingBuffer) throws(FrameError) {}

  func nextFrame(in input: borrowing RingBuffer) throws(FrameError) -> FrameBounds? {
    FrameBounds(payload: input.count, suffix: .max)
  }
}

/// A codec that has the two requirements on arrays and nothing else.
private struct Tagged: FrameCodec {
  func encode(_ payload: [UInt8], into output: inout RingBuffer) throws(FrameError) {
    guard payload.count <= 255 else { throw .frameTooLong(limit: 255) }
    output.write([9, UInt8(payload.count)] + payload)
  }

  func decode(from input: inout RingBuffer) throws(FrameError) -> [UInt8]? {
    guard !input.isEmpty else { return nil }
    guard input[0] == 9 else { throw .invalidPayload }
    guard input.count >= 2, input.count >= 2 + Int(input[1]) else { return nil }
    let length = Int(input[1])
    input.discard(2)
    return input.read(length)
  }
}

extension RawSpan {
  /// The address of the first byte.
  fileprivate var address: UInt { unsafe withUnsafeBytes { UInt(bitPattern: $0.baseAddress) } }
}

extension Span<UInt8> {
  /// The address of the first byte.
  fileprivate var address: UInt { unsafe withUnsafeBytes { UInt(bitPattern: $0.baseAddress) } }
}
