import RingBuffer
import Testing

@Suite("Ownership")
struct OwnershipTests {
  @Test("a ring is small enough to keep two per connection")
  func size() {
    #expect(MemoryLayout<RingBuffer>.size <= 48)
    #expect(MemoryLayout<RingBuffer>.stride <= 48)
  }

  @Test("a ring moves into a function and back with its storage")
  func moving() {
    var ring = RingBuffer()
    ring.write(pattern(100))
    let address = ring.readable.first.address
    ring = pass(ring)
    #expect(ring.readable.first.address == address)
    #expect(ring.copy() == pattern(100))
    #expect(consume(ring) == 100)
  }

  @Test("a ring may be part of a struct and of an optional")
  func storing() {
    struct Connection: ~Copyable {
      var input = RingBuffer()
      var output: RingBuffer?
    }
    var connection = Connection()
    connection.input.write("in")
    connection.output = RingBuffer()
    connection.output?.write("out")
    connection.output?.append(moving: &connection.input)
    let text = connection.output?.readAll()
    #expect(text == Array("outin".utf8))

    var taken = connection.output.take()
    taken?.write([1])
    let isGone = connection.output == nil
    let count = taken?.count
    #expect(isGone && count == 1)
  }

  @Test("assigning ends the ring that was there")
  func assigning() {
    var ring = RingBuffer()
    for length in 1...100 {
      ring.write(pattern(1000))
      ring = RingBuffer(minimumCapacity: length)
    }
    #expect(ring.capacity == 128)
  }

  @Test("a ring may go to another task")
  func sending() async {
    var ring = RingBuffer()
    ring.write("abc")
    var slot: RingBuffer? = consume ring
    let box = Box(slot.take()!)
    let bytes = await Task.detached { box.copy() }.value
    #expect(bytes == [97, 98, 99])
  }

  private final class Box: Sendable {
    private let ring: RingBuffer
    init(_ ring: consuming RingBuffer) { self.ring = ring }
    func copy() -> [UInt8] { ring.copy() }
  }

  private func pass(_ ring: consuming RingBuffer) -> RingBuffer { ring }
  private func consume(_ ring: consuming RingBuffer) -> Int { ring.count }
}
