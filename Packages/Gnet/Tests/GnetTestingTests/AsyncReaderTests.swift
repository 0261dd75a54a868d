import GnetTesting
import Testing

@testable import Gnet
@testable import GnetWorkloads

/// Tasks that read their connections when a script says so.
@Suite struct AsyncReaderTests {
  @Test("bytes that wait for an asynchronous reader hold no memory once they are read")
  func memory() throws {
    let size = 40_000
    let (words, script) = AsyncStream.makeStream(of: Void.self)
    let (handle, capacities) = (Box<ConnectionHandle?>(nil), Box<[Int?]>([]))
    let service = Service(async: { connection in
      handle.value = connection.handle
      for await _ in words { break }
      var count = 0
      while count < size, let bytes = try await connection.read() { count += bytes.count }
      capacities.value.append(connection.handle.withConnection { $0.state.pointee.inbound.capacity })
    })
    let simulation = Simulation(seed: 1)
    let (_, client) = try simulation.serve(service)
    client.send([UInt8](repeating: 1, count: size))
    simulation.run(for: .seconds(1))
    let waiting = Box(0)
    handle.value?.perform { connection in
      waiting.value = connection.state.pointee.inbound.count
      return .none
    }
    simulation.run(for: .seconds(1))
    #expect(waiting.value > 0 && capacities.value.isEmpty)
    script.yield()
    try simulation.run(until: { client.isEnded })
    #expect(capacities.value == [0])
  }
}
