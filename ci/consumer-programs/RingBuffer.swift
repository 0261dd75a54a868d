// Uses the public API as programs do. Exits with status 0 if it behaves as documented.
import Disruptor
import RingBuffer

func require(_ condition: Bool, line: UInt = #line) {
  precondition(condition, "line \(line)")
}

func useRing() {
  var ring = RingBuffer(minimumCapacity: 100)
  require(ring.capacity == 128 && ring.freeCapacity == 128 && ring.isEmpty && !ring.isFull && ring.count == 0)
  ring.write("he")
  ring.write([UInt8(ascii: "l")])
  ring.write([UInt8(ascii: "l")][...])
  ring.writeByte(UInt8(ascii: "o"))
  let bytes: [UInt8] = Array(" world".utf8)
  ring.write(bytes.span)
  let more: [UInt8] = [33, 33]
  let span = more.span
  ring.write(span.bytes)
  require(ring.count == 13 && ring[1] == UInt8(ascii: "e") && ring.firstIndex(of: 33) == 11)
  require(ring.firstIndex(of: UInt8(ascii: "l"), from: 5) == 9)
  require(ring.readable.byteCount == 13 && ring.readable(prefix: 5).first.byteCount == 5)
  require(ring.readable.second.isEmpty)
  require(ring.read(5) == Array("hello".utf8) && ring.readByte() == 32 && ring.discard(1) == 1)
  ring.discard(1)
  var three: [UInt8] = [0, 0, 0]
  let stored = three.withUnsafeMutableBytes { ring.read(into: $0) }
  require(stored == 3 && three == Array("rld".utf8))
  var one: [UInt8] = [0]
  var place = one.mutableSpan
  require(ring.read(into: &place) == 1)
  var drained = 0
  ring.drain { drained += $0.byteCount }
  require(drained == 1 && ring.isEmpty && ring.readByte() == nil)
  var other = RingBuffer()
  require(other.capacity == 0)
  other.write("moved")
  ring.append(moving: &other)
  require(other.isEmpty && ring.readAll() == Array("moved".utf8))
  ring.reserveCapacity(1000)
  require(ring.capacity == 1024)
  ring.shrinkToFit()
  ring.write("x")
  ring.removeAll()
  ring.removeAll(keepingCapacity: false)
  require(ring.capacity == 0)
}

/// An element that cannot be copied.
struct Ticket: ~Copyable, Sendable {
  let number: Int
}

func useDisruptor() {
  let queue = Disruptor<Ticket>(capacity: 3)
  require(queue.capacity == 4 && queue.isEmpty)
  for number in 0..<4 {
    if queue.tryPublish(Ticket(number: number)) != nil { require(false) }
  }
  if let refused = queue.tryPublish(Ticket(number: 4)) { require(refused.number == 4) } else { require(false) }
  var sum = 0
  require(queue.drain(limit: 2) { sum += $0.number } == 2)
  require(queue.drain { sum += $0.number } == 2 && sum == 6 && queue.isEmpty)
}

useRing()
useDisruptor()
