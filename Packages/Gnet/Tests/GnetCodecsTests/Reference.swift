import GnetCodecs

/// A codec written for nothing but being right: on a whole stream in an array, one position after the other.
enum Reference {
  case line(limit: Int)
  case delimiter([UInt8], limit: Int)
  case fixed(Int)
  case lengthField(LengthFieldCodec)

  /// The outcomes of a stream, up to the first that is no frame.
  func outcomes(of stream: [UInt8]) -> [Outcome] {
    var rest = stream
    var outcomes: [Outcome] = []
    repeat {
      let (outcome, taken) = next(in: rest)
      outcomes.append(outcome)
      rest.removeFirst(taken)
    } while outcomes[outcomes.count - 1].isFrame
    return outcomes
  }

  private func next(in rest: [UInt8]) -> (Outcome, taken: Int) {
    switch self {
    case .line(let limit): nextLine(in: rest, limit: limit)
    case .delimiter(let delimiter, let limit): nextDelimited(in: rest, delimiter: delimiter, limit: limit)
    case .fixed(let length):
      rest.count < length ? (.unfinished, 0) : (.frame([UInt8](rest.prefix(length))), length)
    case .lengthField(let codec): nextCounted(in: rest, codec: codec)
    }
  }

  private func nextLine(in rest: [UInt8], limit: Int) -> (Outcome, taken: Int) {
    let tooLong = Outcome.failure(.frameTooLong(limit: limit))
    var line: [UInt8] = []
    for (index, byte) in rest.enumerated() {
      if byte == 0x0A {
        if line.last == 0x0D { line.removeLast() }
        return line.count > limit ? (tooLong, 0) : (.frame(line), index + 1)
      }
      line.append(byte)
    }
    // Would it be too long if its end came now?
    if line.last == 0x0D { line.removeLast() }
    return (line.count > limit ? tooLong : .unfinished, 0)
  }

  private func nextDelimited(in rest: [UInt8], delimiter: [UInt8], limit: Int) -> (Outcome, taken: Int) {
    for length in 0...limit where length <= rest.count {
      let behind = rest.dropFirst(length)
      if behind.starts(with: delimiter) {
        return (.frame([UInt8](rest.prefix(length))), length + delimiter.count)
      }
      // All that there is begins a delimiter, or there is nothing.
      if delimiter.starts(with: behind) { return (.unfinished, 0) }
    }
    return (.failure(.frameTooLong(limit: limit)), 0)
  }

  private func nextCounted(in rest: [UInt8], codec: LengthFieldCodec) -> (Outcome, taken: Int) {
    let width = codec.width.rawValue
    let header = codec.lengthFieldOffset + width
    guard rest.count >= header else { return (.unfinished, 0) }
    var digits = [UInt8](rest[codec.lengthFieldOffset..<header])
    if codec.byteOrder == .little { digits.reverse() }
    var stated: Int128 = 0
    for digit in digits { stated = stated * 256 + Int128(digit) }
    if width == 8 && digits[0] >= 0x80 { stated -= Int128(1) << 64 }

    var length = Int128(codec.lengthFieldOffset) + stated + Int128(codec.lengthAdjustment)
    if !codec.includesField { length += Int128(width) }
    let shortest = Int128(max(header, codec.strippedPrefixLength))
    if stated < 0 || length < shortest || length > Int128(Int.max) { return (.failure(.invalidLength), 0) }
    if length > Int128(codec.maximumFrameLength) {
      return (.failure(.frameTooLong(limit: codec.maximumFrameLength)), 0)
    }
    guard rest.count >= length else { return (.unfinished, 0) }
    return (.frame([UInt8](rest.prefix(Int(length)).dropFirst(codec.strippedPrefixLength))), Int(length))
  }
}
