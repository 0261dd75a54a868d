// Typical loops around a poller: the poller in a class, in a struct of a class, in a generic class, as a constant and
// as a variable; registrations changed in the closure, directly and by nested functions that change local variables.
// The optimizer must compile all of these loops, so this program is built in release.
import Dispatch
import Poller
import SystemPackage

let wakes = 3

/// A pipe whose reading end is always ready.
struct ReadyPipe {
  let readEnd: FileDescriptor
  let writeEnd: FileDescriptor

  init() throws {
    (readEnd, writeEnd) = try FileDescriptor.pipe()
    try writeEnd.writeAll("x".utf8)
  }
}

/// A poller as a constant of a class.
final class ConstantInClass: Sendable {
  private let poller: Poller
  private let pipe: ReadyPipe

  init() throws {
    poller = try Poller()
    pipe = try ReadyPipe()
  }

  /// Changes the registration by nested functions.
  func runNested() throws -> Int {
    var count = 0
    func add() { try? poller.add(pipe.readEnd, token: Poller.Token(rawValue: 1), interest: .readable) }
    func modify() { try? poller.modify(pipe.readEnd, token: Poller.Token(rawValue: 2), interest: .writable) }
    func drop() {
      try? poller.remove(pipe.readEnd)
      poller.waker.wake()
      count += 1
    }
    poller.waker.wake()
    while true {
      _ = try? poller.wait(timeout: nil) { event in
        if event.isWake {
          add()
        } else {
          modify()
          drop()
        }
      }
      if count == wakes { return count }
    }
  }

  /// Changes the registration in the closure, and only throws out of the loop.
  func runDirectly() throws {
    struct Done: Error {}
    var count = 0
    poller.waker.wake()
    do {
      while true {
        try poller.wait(timeout: nil) { event in
          if event.isWake {
            try? poller.add(pipe.readEnd, token: Poller.Token(rawValue: 1), interest: .readable)
          } else {
            try? poller.modify(pipe.readEnd, token: Poller.Token(rawValue: 2), interest: .writable)
            try? poller.remove(pipe.readEnd)
            poller.waker.wake()
            count += 1
          }
        }
        if count == wakes { throw Done() }
      }
    } catch is Done {}
    require(count == wakes)
  }

  /// Waits for a moment, and takes its events by a nested function.
  func runUntilDeadline() throws -> Int {
    var count = 0
    func take(_ event: Poller.Event) { count += event.isWake ? 1 : 0 }
    let deadline = Poller.Instant.now + .milliseconds(1)
    poller.waker.wake()
    while Poller.Instant.now < deadline { try poller.wait(until: deadline, now: .now, take) }
    return count
  }
}

/// A poller as a variable of a class.
final class VariableInClass {
  private var poller: Poller
  private var count = 0

  init() throws { poller = try Poller() }

  func run() throws -> Int {
    var rounds = 0
    func take() {
      count += 1
      rounds += 1
    }
    let waker = poller.waker
    waker.wake()
    while rounds < wakes {
      try poller.wait(timeout: nil) { _ in
        take()
        waker.wake()
      }
    }
    return count
  }

  func renew() throws { poller = try Poller() }
}

/// A poller in a struct of a class that is generic.
final class StructInGenericClass<Tag: Sendable>: Sendable {
  private struct State: Sendable {
    let poller: Poller
    let pipe: ReadyPipe
  }

  private let state: State
  private let tag: Tag

  init(_ tag: Tag) throws {
    state = State(poller: try Poller(), pipe: try ReadyPipe())
    self.tag = tag
  }

  func run() throws -> [Tag] {
    var tags: [Tag] = []
    func drop() {
      tags.append(tag)
      guard tags.count == wakes else { return }
      try? state.poller.remove(state.pipe.readEnd)
    }
    try state.poller.add(state.pipe.readEnd, token: Poller.Token(rawValue: 1), interest: .readable)
    var isDone: Bool { tags.count == wakes }
    while !isDone { _ = try? state.poller.wait(timeout: nil) { _ in drop() } }
    return tags
  }
}

/// A poller that a function borrows.
func run(_ poller: borrowing Poller) throws -> Int {
  var count = 0
  func take() { count += 1 }
  while count < wakes {
    poller.waker.wake()
    do { try poller.wait(timeout: nil) { _ in take() } } catch { fatalError("\(error)") }
  }
  return count
}

/// Loops without an end, which the optimizer of Swift 6.3.1 cannot compile around a noncopyable value.
final class EndlessLoops: Sendable {
  private let poller: Poller
  private let done: Poller.Waker

  init(_ done: Poller.Waker) throws {
    poller = try Poller()
    self.done = done
  }

  /// Changes a local variable by a nested function, which a closure calls.
  func run() {
    var count = 0
    func take() {
      count += 1
      if count == wakes { done.wake() } else { poller.waker.wake() }
    }
    poller.waker.wake()
    while true { _ = try? poller.wait(timeout: nil) { _ in take() } }
  }

  /// The same in a function that says it, with the nested function as an argument.
  func runForever() -> Never {
    var count = 0
    func take(_ event: Poller.Event) {
      count += event.isWake ? 1 : 0
      if count == wakes { done.wake() } else { poller.waker.wake() }
    }
    poller.waker.wake()
    while true { _ = try? poller.wait(timeout: nil, take) }
  }
}

/// Runs a loop without an end on a thread of its own, until it has counted.
func expectDone(_ body: @escaping @Sendable (EndlessLoops) -> Void) throws {
  let poller = try Poller()
  let loops = try EndlessLoops(poller.waker)
  DispatchQueue.global().async { body(loops) }
  require(try poller.wait(timeout: .seconds(10)) { require($0.isWake) } == 1)
}

func useLoops() throws {
  let constant = try ConstantInClass()
  require(try constant.runNested() == wakes)
  try ConstantInClass().runDirectly()
  require(try ConstantInClass().runUntilDeadline() == 1)
  let variable = try VariableInClass()
  require(try variable.run() == wakes)
  try variable.renew()
  require(try variable.run() == 2 * wakes)
  require(try StructInGenericClass("tag").run() == ["tag", "tag", "tag"])
  require(try run(Poller()) == wakes)
  try expectDone { $0.run() }
  try expectDone { $0.runForever() }
  let poller = try Poller()
  let copy = poller
  poller.waker.wake()
  require(try copy.wait(timeout: .zero) { require($0.isWake) } == 1)
}
