import Poller
import TestSupport
import Testing

@testable import Gnet

@Suite("the life of a connection, from its opening to its end") struct StreamLifeWalkTests {
  private typealias Move = LifeWorld.Move
  private typealias Callback = LifeWorld.Callback

  /// Every state that an open connection can come to, with any peer and any handler.
  private static func reachable(mayAnswer: Bool) -> Set<LifeWorld> {
    mayAnswer ? reachableWithHalfClosure : reachableWithoutHalfClosure
  }

  private static let reachableWithHalfClosure = explore(mayAnswer: true)
  private static let reachableWithoutHalfClosure = explore(mayAnswer: false)

  private static func explore(mayAnswer: Bool) -> Set<LifeWorld> {
    var found: Set = [LifeWorld()]
    var queue = Array(found)
    while let world = queue.popLast() {
      for move in Move.allCases where world.end == nil && world.faults.isEmpty && world.allows(move) {
        for callback in Callback.decisive {
          var next = world
          next.make(move, mayAnswer: mayAnswer, callback)
          if found.insert(next).inserted { queue.append(next) }
          // Where nothing depends on the callback, one is enough.
          if !next.hasUsedCallback { break }
        }
      }
    }
    return found
  }

  @Test(
    "whatever happens, a handler is not called after the end it asked for, and an end comes once",
    arguments: [false, true])
  func order(mayAnswer: Bool) {
    let worlds = Self.reachable(mayAnswer: mayAnswer)
    #expect(worlds.count > 100)
    for world in worlds where !world.faults.isEmpty { Issue.record("\(world)") }
  }

  @Test("whatever happens, a connection neither spins nor is forgotten", arguments: [false, true])
  func attention(mayAnswer: Bool) {
    for world in Self.reachable(mayAnswer: mayAnswer) where world.end == nil {
      let flags = world.life.flags
      if world.interest.contains(.readable) {
        #expect(!flags.contains(.inputEnded), "reads after the end of the input: \(world)")
      }
      if flags.contains(.outputBroken) && !world.isHeld {
        #expect(world.pending == .none && world.isQueued, "\(world)")
      }
      if flags.contains(.settleDue) {
        #expect(world.isQueued, "a change by others is forgotten: \(world)")
        continue
      }
      #expect(world.interest.contains(.writable) == (world.pending != .none), "\(world)")
      if world.life.ending != .none { #expect(world.pending != .none, "an end that is due does not come: \(world)") }
      #expect(!flags.contains(.aborted), "an abort that is due does not come: \(world)")
      if world.interest.isEmpty && !world.isQueued {
        #expect(!flags.isDisjoint(with: [.readingPaused, .inputEnded]), "nothing is waited for: \(world)")
      }
      if flags.contains(.outputFull) { #expect([.middle, .high].contains(world.pending), "\(world)") }
      if world.pending == .high { #expect(flags.contains(.outputFull), "\(world)") }
      guard world.life.ending == .none else { continue }
      if flags.contains(.drainedDue) { #expect(world.isQueued, "a drain is forgotten: \(world)") }
      if flags.contains(.wakeRequested) && !flags.contains(.outputFull) {
        #expect(world.isQueued, "a wake is forgotten: \(world)")
      }
      if world.hasLeftBytes {
        #expect(!flags.isDisjoint(with: [.outputFull, .drainedDue]), "bytes are forgotten: \(world)")
      }
      if flags.contains(.outputEnding) && world.pending == .none && !flags.contains(.outputBroken) {
        #expect(world.isPeerTold, "the end of the output is not told: \(world)")
      }
      #expect(
        !flags.isSuperset(of: [.inputEnded, .outputEnded]) || world.isHeld, "nothing is left to be done: \(world)")
    }
  }

  @Test("from wherever it is, a connection ends when its peer takes everything and goes", arguments: [false, true])
  func ends(mayAnswer: Bool) {
    for start in Self.reachable(mayAnswer: mayAnswer) where start.end == nil {
      var world = start
      for _ in 0..<12 where world.end == nil {
        // A handler that holds bytes comes back for them, and pauses no more.
        let moves: [Move] = world.isHeld ? [.turn, .lent] : [.tookAll, .endedStream, .turn, .hungUp]
        guard let move = moves.first(where: { world.allows($0) }) else { break }
        world.make(move, mayAnswer: mayAnswer, Callback())
      }
      #expect(world.end != nil && world.faults.isEmpty, "\(start) has come to \(world)")
      let isAborted = start.life.flags.contains(.aborted)
      if start.life.ending != .none && !isAborted && !world.life.flags.contains(.outputBroken) {
        #expect(world.end == start.life.ending, "\(start)")
      }
    }
  }

  @Test("a random life ends as its handler wanted it", arguments: 0..<20 as Range<UInt64>)
  func randomLives(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      var world = LifeWorld()
      let mayAnswer = Bool.random(using: &random)
      var wanted = StreamLife.Ending.none
      for _ in 0..<200 where world.end == nil {
        let move = Move.allCases.filter { world.allows($0) }.randomElement(using: &random)!
        var callback = Callback.all.randomElement(using: &random)!
        // Rarely, so that lives are long.
        if Int.random(in: 0..<8, using: &random) > 0 {
          callback.ending = .none
          callback.others.subtract([.aborts, .endsOutput])
        }
        world.make(move, mayAnswer: mayAnswer, callback)
        wanted = max(wanted, world.life.ending)
      }
      #expect(world.faults == [])
      let isCutShort = !world.life.flags.isDisjoint(with: [.outputBroken, .aborted])
      if let end = world.end, wanted == .detach, !isCutShort { #expect(end == .detach) }
      if world.end == .detach { #expect(wanted == .detach && world.pending == .none) }
    }
  }
}
