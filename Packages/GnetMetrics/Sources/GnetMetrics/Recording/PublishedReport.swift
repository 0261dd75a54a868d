internal import Synchronization

/// A loop's last report where other threads read it: written by the loop alone, which never waits.
///
/// A sequence lock: the version is odd while the words are being written, and a reader tries again if it was odd or
/// has changed. Words are atomics, so that torn reads are discarded rather than undefined.
/// Source: H. Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012.
@safe
final class PublishedReport: Sendable {
  /// In words, as all counts here are. Version and contents start a cache line, and nothing else is on their last.
  private static var cacheLine: Int { 16 }
  private static var wordCount: Int { MemoryLayout<LoopReport>.size / MemoryLayout<UInt64>.size }

  // Set once; what it points to are atomics.
  private nonisolated(unsafe) let words: UnsafeMutablePointer<Atomic<UInt64>>

  private var version: UnsafeMutablePointer<Atomic<UInt64>> { unsafe words }
  private var contents: UnsafeMutablePointer<Atomic<UInt64>> { unsafe words + 1 }

  init() {
    let size = (1 + Self.wordCount + Self.cacheLine - 1) / Self.cacheLine * Self.cacheLine
    let stride = MemoryLayout<Atomic<UInt64>>.stride
    let room = UnsafeMutableRawPointer.allocate(byteCount: size * stride, alignment: Self.cacheLine * stride)
    unsafe words = room.bindMemory(to: Atomic<UInt64>.self, capacity: size)
    for index in 0...Self.wordCount { unsafe (words + index).initialize(to: Atomic(0)) }
  }

  deinit {
    unsafe words.deinitialize(count: 1 + Self.wordCount)
    unsafe UnsafeMutableRawPointer(words).deallocate()
  }

  /// Makes `report` the one that readers see; to be called by one thread only.
  func publish(_ report: borrowing LoopReport) {
    let start = unsafe version.pointee.load(ordering: .relaxed)
    unsafe version.pointee.store(start &+ 1, ordering: .relaxed)
    atomicMemoryFence(ordering: .releasing)
    unsafe withUnsafeBytes(of: report) { bytes in
      for index in 0..<Self.wordCount {
        let word = unsafe bytes.load(fromByteOffset: index * 8, as: UInt64.self)
        unsafe contents[index].store(word, ordering: .relaxed)
      }
    }
    unsafe version.pointee.store(start &+ 2, ordering: .releasing)
  }

  /// The report as it was last published, all of one moment.
  var current: LoopReport {
    var copy = LoopReport()
    while true {
      let before = unsafe version.pointee.load(ordering: .acquiring)
      unsafe withUnsafeMutableBytes(of: &copy) { bytes in
        for index in 0..<Self.wordCount {
          let word = unsafe contents[index].load(ordering: .relaxed)
          unsafe bytes.storeBytes(of: word, toByteOffset: index * 8, as: UInt64.self)
        }
      }
      atomicMemoryFence(ordering: .acquiring)
      let after = unsafe version.pointee.load(ordering: .relaxed)
      if before & 1 == 0, after == before { return copy }
      // The loop may have been suspended while it wrote.
      Platform.yieldThread()
    }
  }
}
