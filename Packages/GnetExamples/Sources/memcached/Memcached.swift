// A cache in memory that speaks the text protocol of memcached, for its clients.
import ArgumentParser
import ExampleSupport
import Gnet

@main
struct Memcached: ServerProgram {
  static let summary = "A cache in memory that speaks the text protocol of memcached."

  @Option(in: 8...1_048_576, help: "The most memory for items in MiB", valueName: "mib") var memory = 64

  func run(_ server: ServerArguments) throws {
    let cache = Cache(limit: memory << 20)
    try server.serve(Service { _ in Session(cache: cache) }, defaultAddress: "tcp://localhost:11211")
  }
}
