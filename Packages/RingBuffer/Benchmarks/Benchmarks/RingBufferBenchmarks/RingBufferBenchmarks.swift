import Benchmark
import DequeModule
import NIOCore
import RingBuffer

// Each group does the same work with what a user would take instead: NIO's ByteBuffer and CircularBuffer, and
// swift-collections' Deque. Times are those of one operation.

nonisolated(unsafe) let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .throughput], timeUnits: .nanoseconds, scalingFactor: .kilo, maxDuration: .seconds(1))
  queueing(64)
  queueing(4096)
  burst()
  searching()
  bytewise()
}

/// A message comes and goes, as in an echo: the buffer is empty in between.
private func queueing(_ size: Int) {
  let message = [UInt8](repeating: 7, count: size)

  Benchmark("write and discard \(size) bytes: RingBuffer") { benchmark in
    var ring = RingBuffer()
    for _ in benchmark.scaledIterations {
      ring.write(message)
      blackHole(ring.readable.byteCount)
      ring.discard(size)
    }
  }
  Benchmark("write and discard \(size) bytes: ByteBuffer") { benchmark in
    var buffer = ByteBuffer()
    for _ in benchmark.scaledIterations {
      buffer.writeBytes(message)
      blackHole(buffer.readableBytes)
      buffer.moveReaderIndex(forwardBy: size)
      buffer.discardReadBytes()
    }
  }
  Benchmark("write and discard \(size) bytes: Deque") { benchmark in
    var deque = Deque<UInt8>()
    for _ in benchmark.scaledIterations {
      deque.append(contentsOf: message)
      blackHole(deque.count)
      deque.removeFirst(size)
    }
  }
  Benchmark("write and discard \(size) bytes: CircularBuffer") { benchmark in
    var buffer = CircularBuffer<UInt8>()
    for _ in benchmark.scaledIterations {
      buffer.append(contentsOf: message)
      blackHole(buffer.count)
      buffer.removeFirst(size)
    }
  }
}

/// Messages queue up for a slow reader, and go in pieces of another size: the buffer is never empty.
private func burst() {
  let message = [UInt8](repeating: 7, count: 100)

  Benchmark("a queue that is never empty: RingBuffer") { benchmark in
    var ring = RingBuffer()
    for _ in 0..<100 { ring.write(message) }
    for i in benchmark.scaledIterations {
      ring.write(message)
      ring.discard(i % 3 == 0 ? 200 : 50)
      blackHole(ring.count)
    }
  }
  Benchmark("a queue that is never empty: ByteBuffer") { benchmark in
    var buffer = ByteBuffer()
    for _ in 0..<100 { buffer.writeBytes(message) }
    for i in benchmark.scaledIterations {
      // Without this it would only grow.
      if buffer.readerIndex > buffer.readableBytes { buffer.discardReadBytes() }
      buffer.writeBytes(message)
      buffer.moveReaderIndex(forwardBy: i % 3 == 0 ? 200 : 50)
      blackHole(buffer.readableBytes)
    }
  }
  Benchmark("a queue that is never empty: Deque") { benchmark in
    var deque = Deque<UInt8>()
    for _ in 0..<100 { deque.append(contentsOf: message) }
    for i in benchmark.scaledIterations {
      deque.append(contentsOf: message)
      deque.removeFirst(i % 3 == 0 ? 200 : 50)
      blackHole(deque.count)
    }
  }
}

/// Looks for the end of a line, 4 KiB away.
private func searching() {
  let text = [UInt8](repeating: 65, count: 4095) + [10]

  Benchmark("find a byte in 4 KiB: RingBuffer") { benchmark in
    var ring = RingBuffer()
    ring.write(text)
    for _ in benchmark.scaledIterations { blackHole(ring.firstIndex(of: 10)) }
  }
  Benchmark("find a byte in 4 KiB: ByteBuffer") { benchmark in
    let buffer = ByteBuffer(bytes: text)
    for _ in benchmark.scaledIterations { blackHole(buffer.readableBytesView.firstIndex(of: 10)) }
  }
  Benchmark("find a byte in 4 KiB: Deque") { benchmark in
    let deque = Deque(text)
    for _ in benchmark.scaledIterations { blackHole(deque.firstIndex(of: 10)) }
  }
}

/// A parser that takes one byte after the other.
private func bytewise() {
  let text = [UInt8](repeating: 65, count: 64)

  Benchmark("write and read 64 single bytes: RingBuffer") { benchmark in
    var ring = RingBuffer()
    for _ in benchmark.scaledIterations {
      for byte in text { ring.writeByte(byte) }
      while let byte = ring.readByte() { blackHole(byte) }
    }
  }
  Benchmark("write and read 64 single bytes: ByteBuffer") { benchmark in
    var buffer = ByteBuffer()
    for _ in benchmark.scaledIterations {
      for byte in text { buffer.writeInteger(byte) }
      while let byte = buffer.readInteger(as: UInt8.self) { blackHole(byte) }
      buffer.clear()
    }
  }
  Benchmark("write and read 64 single bytes: Deque") { benchmark in
    var deque = Deque<UInt8>()
    for _ in benchmark.scaledIterations {
      for byte in text { deque.append(byte) }
      while let byte = deque.popFirst() { blackHole(byte) }
    }
  }
  Benchmark("write and read 64 single bytes: CircularBuffer") { benchmark in
    var buffer = CircularBuffer<UInt8>()
    for _ in benchmark.scaledIterations {
      for byte in text { buffer.append(byte) }
      while let byte = buffer.popFirst() { blackHole(byte) }
    }
  }
}
