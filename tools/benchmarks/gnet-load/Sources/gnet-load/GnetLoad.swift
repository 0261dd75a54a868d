import ArgumentParser

/// The command.
@main
struct GnetLoad: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gnet-load",
    abstract: "Loads a server with requests, checks every byte of its replies, and measures.",
    discussion: """
      An ADDRESS is HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT, udp://HOST:PORT or unix://PATH. The result is printed as JSON on \
      standard output; times are in nanoseconds unless their name says seconds. A server that sends a wrong byte, too \
      many, or none, and one that closes a connection, ends the run with an error.
      """,
    subcommands: [Run.self, Hold.self],
    defaultSubcommand: Run.self)
}
