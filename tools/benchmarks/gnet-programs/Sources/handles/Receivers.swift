import Foundation
import Poller
import SystemPackage

/// The other ends of all connections: a thread that reads as much as was promised, and throws it away.
final class Receivers: @unchecked Sendable {
  private let expected: Int
  private var descriptors: [Int32] = []
  private let ended = DispatchSemaphore(value: 0)

  init(expecting byteCount: Int) { expected = byteCount }

  func connect(toUnixSocketAt path: String) throws {
    let descriptor = socket(AF_UNIX, streamType, 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw CallFailure(call: "connect") }
    adopt(descriptor)
  }

  /// Makes a pair of connected sockets, and returns the end that is not read here.
  func connectPair() throws -> Int32 {
    var pair: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, streamType, 0, &pair) == 0 else { throw CallFailure(call: "socketpair") }
    _ = fcntl(pair[1], F_SETFL, O_NONBLOCK)
    adopt(pair[0])
    return pair[1]
  }

  private func adopt(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    descriptors.append(descriptor)
  }

  func start() {
    Thread.detachNewThread { [self] in
      do {
        try receive()
      } catch {
        fatalError("\(error)")
      }
      ended.signal()
    }
  }

  func waitForEnd() { ended.wait() }

  private func receive() throws {
    let poller = try Poller()
    for descriptor in descriptors {
      let token = Poller.Token(rawValue: UInt64(descriptor))
      try poller.add(FileDescriptor(rawValue: descriptor), token: token, interest: .readable)
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { buffer.deallocate() }
    var received = 0
    while received < expected {
      try poller.wait(timeout: nil) { event in
        received += max(0, recv(Int32(event.token.rawValue), buffer.baseAddress, buffer.count, 0))
      }
    }
  }
}

/// The failure of a system call that sets the benchmark up.
private struct CallFailure: Error {
  let call: String
}

#if os(Linux)
  private let streamType = Int32(SOCK_STREAM.rawValue)
#else
  private let streamType = SOCK_STREAM
#endif
