import Disruptor
import Testing

@Suite("Lifetimes of elements")
struct LifetimeTests {
  @Test(
    "noncopyable elements end once each: drained, refused, or left behind", arguments: [0, -3, Int.max - 2])
  func noncopyable(firstSequence: Int) {
    let census = Census()
    do {
      let ring = Disruptor<Token>(capacity: 8, firstSequence: firstSequence)
      for number in 0..<8 { publish(Token(number, in: census), in: ring) }
      if let refused = ring.tryPublish(Token(8, in: census)) {
        #expect(refused.number == 8)
      } else {
        Issue.record("a full ring took an element")
      }
      #expect(census.living == 8)
      #expect(census.ended == 1)

      var numbers: [Int] = []
      ring.drain(limit: 5) { token in numbers.append(token.number) }
      #expect(numbers == [0, 1, 2, 3, 4])
      #expect(census.living == 3)

      for number in 8..<12 { publish(Token(number, in: census), in: ring) }
      #expect(census.living == 7)
      withExtendedLifetime(ring) {}
    }
    #expect(census.living == 0)
    #expect(census.ended == 13)
  }

  @Test("a full ring ends all its elements", arguments: [1, 2, 32])
  func fullRing(capacity: Int) {
    let census = Census()
    do {
      let ring = Disruptor<Token>(capacity: capacity)
      for number in 0..<capacity { publish(Token(number, in: census), in: ring) }
      withExtendedLifetime(ring) {}
    }
    #expect(census.living == 0)
    #expect(census.ended == capacity)
  }

  @Test("class elements are released once each, drained or left behind")
  func classes() {
    let census = Census()
    do {
      let ring = Disruptor<Parcel>(capacity: 4)
      for number in 0..<4 { #expect(ring.tryPublish(Parcel(number, in: census)) == nil) }
      #expect(ring.tryPublish(Parcel(4, in: census))?.number == 4)
      var kept: [Parcel] = []
      ring.drain(limit: 2) { kept.append($0) }
      #expect(kept.map(\.number) == [0, 1])
      #expect(census.living == 4)
      kept = []
      #expect(census.living == 2)
      withExtendedLifetime(ring) {}
    }
    #expect(census.living == 0)
    #expect(census.ended == 5)
  }

  @Test("the body owns its element: one that it keeps lives on after the ring")
  func keeping() {
    let census = Census()
    var kept: Token?
    do {
      let ring = Disruptor<Token>(capacity: 2)
      publish(Token(1, in: census), in: ring)
      publish(Token(2, in: census), in: ring)
      ring.drain(limit: 1) { token in kept = consume token }
      withExtendedLifetime(ring) {}
    }
    #expect(census.living == 1)
    let number = kept?.number
    #expect(number == 1)
    kept = nil
    #expect(census.living == 0)
  }

  @Test("closures may be elements")
  func closures() {
    let census = Census()
    let ring = Disruptor<@Sendable () -> Int>(capacity: 2)
    do {
      let parcel = Parcel(42, in: census)
      #expect(ring.tryPublish({ parcel.number }) == nil)
    }
    #expect(census.living == 1)
    var result = 0
    ring.drain { result = $0() }
    #expect(result == 42)
    #expect(census.living == 0)
  }

  private func publish(_ token: consuming Token, in ring: Disruptor<Token>) {
    let isPublished = ring.tryPublish(token) == nil
    #expect(isPublished)
  }
}
