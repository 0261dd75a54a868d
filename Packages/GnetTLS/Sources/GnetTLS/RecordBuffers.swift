internal import CGnetTLS
internal import Gnet

// Unchecked, because only the loop's thread uses it.
/// The owner of the keeper of a loop's buffers of records.
@safe
final class RecordBuffers: @unchecked Sendable {
  let pointer: OpaquePointer

  private init() { unsafe pointer = unsafe required(ctls_make_keeper()) }

  deinit { unsafe ctls_free_keeper(pointer) }

  /// The buffers of the loop on whose thread the caller runs; `nil` on any other thread.
  static var ofLoop: RecordBuffers? { EventLoop.current == nil ? nil : all.withState { $0 } }

  private static let all = LoopLocal { _ in RecordBuffers() }
}
