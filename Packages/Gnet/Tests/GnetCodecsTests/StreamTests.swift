import GnetCodecs
import RingBuffer
import TestSupport
import Testing

@Suite("However a stream arrives")
struct StreamTests {
  @Test("all at once, it gives its frames", arguments: Sample.all)
  func whole(_ sample: Sample) {
    #expect(sample.codec.outcomes(of: sample.stream) == sample.expected)
  }

  @Test("cut at every pair of positions, it gives the same", arguments: Sample.all)
  func cut(_ sample: Sample) {
    let stream = sample.stream
    for first in 0...stream.count {
      for second in first...stream.count {
        let outcomes = sample.codec.outcomes(of: [
          stream[..<first], stream[first..<second], stream[second...],
        ])
        check(outcomes == sample.expected, "cut at \(first) and \(second): \(outcomes)")
      }
    }
  }

  @Test("one byte at a time, it gives the same", arguments: Sample.all)
  func trickle(_ sample: Sample) {
    let pieces = sample.stream.indices.map { sample.stream[$0...$0] }
    #expect(sample.codec.outcomes(of: pieces) == sample.expected)
  }

  @Test("wrapped around the end of the storage at every position, it gives the same", arguments: Sample.all)
  func wrapped(_ sample: Sample) {
    for start in 0..<64 {
      let outcomes = sample.codec.outcomes(of: [sample.stream[...]], startingAt: start)
      check(outcomes == sample.expected, "start \(start): \(outcomes)")
    }
  }

  @Test("an unfinished frame is left where it is", arguments: Sample.all)
  func unfinished(_ sample: Sample) {
    for count in 0...sample.stream.count {
      var input = RingBuffer()
      input.write(sample.stream[..<count])
      while sample.codec.outcome(from: &input).isFrame {}
      let left = input.count
      let outcome = sample.codec.outcome(from: &input)
      check(outcome == sample.codec.outcome(from: &input), "another outcome of the same bytes")
      check(input.readAll() == [UInt8](sample.stream[..<count].suffix(left)), "bytes were taken or changed")
    }
  }

  @Test("after an error nothing has been taken, and the same error follows", arguments: Sample.all)
  func afterError(_ sample: Sample) {
    guard let last = sample.expected.last, case .failure = last else { return }
    var input = RingBuffer()
    input.write(sample.stream)
    while sample.codec.outcome(from: &input).isFrame {}
    let left = input.count
    for count in 1...3 {
      input.write([0, 0x0A, 0x61])
      #expect(sample.codec.outcome(from: &input) == last)
      #expect(input.count == left + 3 * count)
    }
    #expect(input.read(left) == [UInt8](sample.stream.suffix(left)))
  }

  @Test(
    "a delimiter is found at every distance, whatever comes before it, across every seam",
    arguments: [1, 2, 3, 5])
  func distances(_ length: Int) {
    let delimiter = [UInt8]([13, 10, 13, 13, 10].prefix(length))
    let codec = DelimiterCodec(delimiter: delimiter)
    for filler in [[0x61], [10], [13], [13, 0x61], [0x61, 13], [13, 13, 0x61]] as [[UInt8]] {
      for distance in 0..<150 {
        let payload = (0..<distance).map { filler[$0 % filler.count] }
        let stream = payload + delimiter
        let expected = Reference.delimiter(delimiter, limit: 65536).outcomes(of: stream)
        for start in [0, 1, 31, 62, 63, 64, 100] {
          let outcomes = codec.outcomes(of: [stream[...]], startingAt: start)
          check(outcomes == expected, "\(filler) at distance \(distance), start \(start): \(outcomes)")
        }
      }
    }
  }

  @Test("a caller may discard bytes that are no frame, and go on")
  func resuming() {
    let codec = LineCodec(maximumFrameLength: 4)
    var input = RingBuffer()
    input.write("too long\nok\n")
    #expect(codec.outcome(from: &input) == .failure(.frameTooLong(limit: 4)))
    input.discard(9)
    #expect(codec.outcome(from: &input) == .text("ok"))
  }
}
