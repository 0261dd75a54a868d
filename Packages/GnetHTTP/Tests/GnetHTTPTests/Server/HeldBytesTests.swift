import GnetHTTP
import Synchronization
import TestPeers
import TestSupport
import Testing

@Suite("The memory of a body of 1 MiB")
struct HeldBytesTests {
  /// The most memory in use since a moment.
  private final class Peak: Sendable {
    private let start = Atomic<Int>(0)
    private let most = Atomic<Int>(0)

    var byteCount: Int { most.load(ordering: .relaxed) }

    func begin() {
      start.store(Heap.byteCount, ordering: .relaxed)
      most.store(0, ordering: .relaxed)
    }

    func note() { most.max(Heap.byteCount - start.load(ordering: .relaxed), ordering: .relaxed) }
  }

  private struct Meter: BodyReceiver {
    let peak: Peak
    var byteCount = 0

    mutating func receive(_ bytes: Span<UInt8>) {
      byteCount += bytes.count
      peak.note()
    }

    mutating func finish() -> Response { Response("\(byteCount)") }
  }

  private static let size = 1 << 20
  private static let limit = 64 << 10
  /// The other memory of a request: for its answer and its task.
  private static let slack = 8 << 10

  /// Has a client send two bodies. The first has everything made that is kept.
  private static func post(to service: Service, _ peak: Peak) throws {
    try withServer(service) { server in
      let client = try server.connect()
      let request = Array(GnetHTTPTests.post("/", body: String(repeating: "x", count: size)).utf8)
      for _ in 0..<2 {
        peak.begin()
        client.client.sendInBackground(request).join()
        precondition(client.response()?.body == "\(size)")
      }
    }
  }

  @Test("a receiver is given it where it lies: nothing is held", .enabled(if: !isSanitized))
  func receiver() async {
    // A process of its own, whose heap no other test changes.
    await #expect(processExitsWith: .success) {
      let peak = Peak()
      try Self.post(to: .http { _ in .receivingBody { Meter(peak: peak) } }, peak)
      precondition(peak.byteCount <= Self.slack, "\(peak.byteCount) bytes")
    }
  }

  @Test("for a slow task at most 64 KiB are held, beside the part that the task has", .enabled(if: !isSanitized))
  func task() async {
    await #expect(processExitsWith: .success) {
      let peak = Peak()
      let service = Service.http(async: { request in
        var byteCount = 0
        for try await part in request.body {
          byteCount += part.count
          precondition(part.count <= Self.limit)
          // Time for the client to fill all buffers.
          try await Task.sleep(for: .milliseconds(5))
          peak.note()
        }
        return Response("\(byteCount)")
      })
      try Self.post(to: service, peak)
      precondition(peak.byteCount <= 2 * Self.limit + Self.slack, "\(peak.byteCount) bytes")
    }
  }
}
