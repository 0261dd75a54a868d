// A cache in memory that speaks the text protocol of memcached, for its clients.
import ArgumentParser
import ExampleSupport
import Gnet

@main
struct Memcached: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memcached", abstract: "A cache in memory that speaks the text protocol of memcached.")

  @OptionGroup var server: ServerArguments

  @Option(help: ArgumentHelp("The most memory for items in MiB, 8 to 1048576.", valueName: "mib"))
  var memory = 64

  func validate() throws {
    guard 8...1_048_576 ~= memory else { throw ValidationError("--memory must be from 8 to 1048576.") }
  }

  func run() throws {
    let cache = Cache(limit: memory << 20)
    try server.serve(Service { _ in Session(cache: cache) }, defaultAddress: "tcp://localhost:11211")
  }
}
