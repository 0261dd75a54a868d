import GnetCodecs
import RingBuffer
import Testing

@Suite("Length fields, decoded")
struct LengthFieldDecodeTests {
  @Test(
    "every width in both byte orders",
    arguments: [
      (.one, .big, [3]), (.one, .little, [3]),
      (.two, .big, [0, 3]), (.two, .little, [3, 0]),
      (.three, .big, [0, 0, 3]), (.three, .little, [3, 0, 0]),
      (.four, .big, [0, 0, 0, 3]), (.four, .little, [3, 0, 0, 0]),
      (.eight, .big, [0, 0, 0, 0, 0, 0, 0, 3]), (.eight, .little, [3, 0, 0, 0, 0, 0, 0, 0]),
    ] as [(LengthFieldCodec.FieldWidth, LengthFieldCodec.ByteOrder, [UInt8])])
  func widths(
    _ width: LengthFieldCodec.FieldWidth, _ byteOrder: LengthFieldCodec.ByteOrder, _ header: [UInt8]
  ) throws {
    let codec = LengthFieldCodec(width: width, byteOrder: byteOrder)
    let empty = [UInt8](repeating: 0, count: header.count)
    let stream = header + [7, 8, 9] + empty + header + [7, 8]
    #expect(codec.outcomes(of: stream) == [.frame([7, 8, 9]), .frame([]), .unfinished])
    #expect(try codec.stream(of: [[7, 8, 9], []]) == header + [7, 8, 9] + empty)
  }

  @Test("every byte of a length has its weight")
  func significance() throws {
    let payload = [UInt8](repeating: 5, count: 0x01_02_03)
    for (width, header) in [(.three, []), (.four, [0]), (.eight, [0, 0, 0, 0, 0])]
      as [(LengthFieldCodec.FieldWidth, [UInt8])]
    {
      let big = LengthFieldCodec(width: width, byteOrder: .big)
      let little = LengthFieldCodec(width: width, byteOrder: .little)
      #expect(try big.stream(of: [payload]).prefix(width.rawValue) == header + [1, 2, 3])
      #expect(try little.stream(of: [payload]).prefix(width.rawValue) == [3, 2, 1] + header)
      #expect(big.outcomes(of: header + [1, 2, 3] + payload) == [.frame(payload), .unfinished])
      #expect(little.outcomes(of: [3, 2, 1] + header + payload) == [.frame(payload), .unfinished])
    }
  }

  @Test(
    "the limit counts the whole frame, and holds once the header is there",
    arguments: [
      (LengthFieldCodec(width: .two, maximumFrameLength: 6), 4),
      (LengthFieldCodec(width: .two, includesField: true, maximumFrameLength: 6), 6),
      (LengthFieldCodec(width: .two, maximumFrameLength: 6, strippedPrefixLength: 0), 4),
      (LengthFieldCodec(width: .two, maximumFrameLength: 6, strippedPrefixLength: 4), 4),
      (LengthFieldCodec(width: .two, maximumFrameLength: 6, lengthAdjustment: 1), 3),
      (LengthFieldCodec(width: .two, maximumFrameLength: 6, lengthAdjustment: -1), 5),
    ] as [(LengthFieldCodec, UInt8)])
  func limit(_ codec: LengthFieldCodec, _ longest: UInt8) {
    #expect(codec.outcomes(of: [0, longest]) == [.unfinished])
    let frame: [UInt8] = [0, longest, 1, 2, 3, 4]
    let payload = [UInt8](frame.dropFirst(codec.strippedPrefixLength))
    #expect(codec.outcomes(of: frame) == [.frame(payload), .unfinished])
    #expect(codec.outcomes(of: [0, longest + 1]) == [.failure(.frameTooLong(limit: 6))])
  }

  @Test("the limit is a mebibyte by default, and one below the header lets nothing through")
  func otherLimits() {
    let codec = LengthFieldCodec(width: .four)
    #expect(codec.outcomes(of: [0, 0x0F, 0xFF, 0xFC]) == [.unfinished])
    #expect(codec.outcomes(of: [0, 0x0F, 0xFF, 0xFD]) == [.failure(.frameTooLong(limit: 1 << 20))])
    let closed = LengthFieldCodec(width: .four, maximumFrameLength: 3)
    #expect(closed.outcomes(of: [0, 0, 0, 0]) == [.failure(.frameTooLong(limit: 3))])
    #expect(closed.refusal(of: "") == .frameTooLong(limit: 3))
  }

  @Test(
    "a length that is negative, overflows, or is shorter than its header is invalid",
    arguments: [
      (LengthFieldCodec(width: .eight), [0x80, 0, 0, 0, 0, 0, 0, 0]),
      (LengthFieldCodec(width: .eight), [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
      (LengthFieldCodec(width: .eight, byteOrder: .little), [0, 0, 0, 0, 0, 0, 0, 0x80]),
      (LengthFieldCodec(width: .eight), [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
      (LengthFieldCodec(width: .eight), [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xF8]),
      (LengthFieldCodec(width: .four, includesField: true), [0, 0, 0, 3]),
      (LengthFieldCodec(width: .four, includesField: true), [0, 0, 0, 0]),
      (LengthFieldCodec(width: .one, lengthAdjustment: -3), [2]),
      (LengthFieldCodec(width: .one, lengthAdjustment: .min), [255]),
      (LengthFieldCodec(width: .one, lengthAdjustment: .max - 1), [1]),
      (LengthFieldCodec(width: .one, strippedPrefixLength: 4), [2]),
      (LengthFieldCodec(width: .one, strippedPrefixLength: .max), [255]),
    ] as [(LengthFieldCodec, [UInt8])])
  func invalid(_ codec: LengthFieldCodec, _ header: [UInt8]) {
    #expect(codec.outcomes(of: header) == [.failure(.invalidLength)])
    #expect(codec.outcomes(of: header + [1, 2, 3]) == [.failure(.invalidLength)])
    #expect(codec.outcomes(of: [UInt8](header.dropLast())) == [.unfinished])
  }

  @Test(
    "a length that is large, but a length, is over the limit",
    arguments: [
      (LengthFieldCodec(width: .eight), [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xF7]),
      (
        LengthFieldCodec(width: .eight, includesField: true),
        [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
      ),
      (LengthFieldCodec(width: .four), [0xFF, 0xFF, 0xFF, 0xFF]),
      (LengthFieldCodec(width: .four), [0x80, 0, 0, 0]),
      (LengthFieldCodec(width: .three), [0xFF, 0xFF, 0xFF]),
      (LengthFieldCodec(width: .one, lengthAdjustment: .max - 1), [0]),
    ] as [(LengthFieldCodec, [UInt8])])
  func large(_ codec: LengthFieldCodec, _ header: [UInt8]) {
    #expect(codec.outcomes(of: header) == [.failure(.frameTooLong(limit: 1 << 20))])
  }
}
