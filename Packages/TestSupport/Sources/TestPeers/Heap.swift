internal import CTestSupport

/// The memory of this process.
public enum Heap {
  /// The number of bytes in use on the heap.
  public static var byteCount: Int { Int(ctest_heap_in_use()) }
}
