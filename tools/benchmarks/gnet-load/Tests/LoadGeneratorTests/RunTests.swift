import Glibc
import Synchronization
import Testing

@testable import LoadGenerator

@Suite("A run")
struct RunTests {
  struct Shape: Sendable, CustomStringConvertible {
    var scheme = "tcp"
    var size = 64
    var connections = 1
    var pipeline = 1
    var description: String { "\(scheme), \(size) bytes, \(connections) connections, pipeline \(pipeline)" }
  }

  static let shapes = ["tcp", "unix", "udp"].flatMap { scheme in
    [
      Shape(scheme: scheme), Shape(scheme: scheme, size: 1, connections: 7, pipeline: 3),
      Shape(scheme: scheme, size: 1000, connections: 50),
      Shape(scheme: scheme, size: 16384, connections: 3, pipeline: 2),
    ]
  }

  @Test("sends as many requests as it is told, and has every one answered", arguments: shapes)
  func exactly(_ shape: Shape) throws {
    let server = try TestServer(shape.scheme)
    defer { server.stop() }
    for pace in [Plan.Pace.closed, .lockstep] {
      var plan = try server.plan(.echo(size: shape.size))
      (plan.connections, plan.pipeline, plan.pace) = (shape.connections, shape.pipeline, pace)
      plan.requestLimit = 1003
      let report = try Engine(plan).run()
      #expect(report.requests + report.lost == 1003)
      #expect(report.requestSize == shape.size && report.replySize == shape.size)
      if shape.scheme != "udp" { #expect(report.lost == 0) }
      #expect(report.latency.min > 0 && report.latency.p50 <= report.latency.max)
    }
  }

  @Test("sends datagrams together when told to, and has every one answered", arguments: [1, 64, 1452], [1, 4, 100])
  func segmented(size: Int, pipeline: Int) throws {
    let server = try TestServer("udp")
    defer { server.stop() }
    for pace in [Plan.Pace.closed, .lockstep] {
      var plan = try server.plan(.echo(size: size))
      (plan.connections, plan.pipeline, plan.pace, plan.isSegmented) = (2, pipeline, pace, true)
      plan.requestLimit = 1003
      let report = try Engine(plan).run()
      #expect(report.requests + report.lost == 1003 && report.requests > 0)
    }
  }

  @Test("measures for the time that it is told, in slices that add up")
  func slices() throws {
    let server = try TestServer()
    defer { server.stop() }
    var plan = try server.plan()
    (plan.connections, plan.duration, plan.warmUp) = (5, 0.45, 0.1)
    plan.serverProcess = getpid()
    let report = try Engine(plan).run()
    #expect(report.seconds >= 0.45 && report.requests > 0)
    #expect(report.slices.map(\.requests).reduce(0, +) == report.requests)
    #expect(abs(report.slices.map(\.seconds).reduce(0, +) - report.seconds) < 1e-6)
    // Here the server is this process as well.
    let both = try #require(report.server)
    #expect(report.client.seconds > 0 && abs(both.seconds - report.client.seconds) < 0.05)
  }

  @Test("opens a connection for every request when told to")
  func reconnecting() throws {
    let server = try TestServer()
    defer { server.stop() }
    var plan = try server.plan()
    (plan.connections, plan.pace, plan.requestLimit) = (4, .reconnect, 100)
    #expect(try Engine(plan).run().requests == 100)
    #expect(server.connectionCount == 100)
  }

  @Test("sends at the rate that it is told")
  func rate() throws {
    let server = try TestServer()
    defer { server.stop() }
    var plan = try server.plan()
    (plan.connections, plan.pace, plan.duration, plan.pipeline) = (10, .open(rate: 500), 1, 4)
    let report = try Engine(plan).run()
    #expect((400...510).contains(report.requests + report.unanswered))
    #expect(report.rate == 500)
  }

  @Test("a server that stalls shows in the latency of all requests that were due meanwhile")
  func coordinatedOmission() throws {
    let requests = Atomic<Int>(0)
    let server = try TestServer { bytes in
      if requests.add(1, ordering: .relaxed).newValue == 100 { usleep(500_000) }
      defer { bytes = [] }
      return bytes
    }
    defer { server.stop() }
    var plan = try server.plan()
    (plan.pace, plan.duration) = (.open(rate: 200), 1.5)
    let report = try Engine(plan).run()
    // A third of the time nothing was answered: what was due then waited 250 ms on average, and a tenth over 300 ms.
    #expect(report.latency.p90 > 300e6)
    #expect(report.latency.max >= 490e6)
  }

  @Test("requests without a reply at the end count with the time they have waited")
  func unanswered() throws {
    let requests = Atomic<Int>(0)
    let server = try TestServer { bytes in
      defer { bytes = [] }
      return requests.add(1, ordering: .relaxed).newValue <= 20 ? bytes : []
    }
    defer { server.stop() }
    var plan = try server.plan()
    (plan.pace, plan.duration) = (.open(rate: 100), 1)
    let report = try Engine(plan).run()
    #expect(report.requests == 20)
    #expect((70...81).contains(report.unanswered))
    #expect(report.latency.max > 700e6)
  }

  @Test("datagrams that are lost are counted, and others sent in their place")
  func lost() throws {
    let requests = Atomic<Int>(0)
    let server = try TestServer("udp") {
      $0 = requests.add(1, ordering: .relaxed).newValue % 10 == 0 ? [] : $0; return $0
    }
    defer { server.stop() }
    var plan = try server.plan()
    (plan.connections, plan.pipeline, plan.requestLimit) = (3, 4, 50)
    let report = try Engine(plan).run()
    #expect(report.lost >= 1 && report.lost <= 20)
    #expect(report.requests + report.lost == 50)
  }
}
