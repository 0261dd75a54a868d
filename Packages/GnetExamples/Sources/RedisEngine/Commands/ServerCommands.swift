/// Commands on the server.
let serverCommands: [Command] = [
  Command(
    "info", -1, [.loading, .stale], .server, categories: ["dangerous"],
    tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"], "[section...]",
    "Answers with figures about the server.", .plain(InfoCommand.info)),
  Command(
    "config", -2, [], .server, since: "2.0.0", cost: "Depends on the subcommand.", "",
    "Commands about the configuration.", .subcommands(configCommands, alone: nil)),
  Command(
    "command", -1, [.loading, .stale], .server, categories: ["connection"], tips: ["nondeterministic_output_order"],
    since: "2.8.13", cost: "O(N)", "", "Answers with all commands.",
    .subcommands(commandCommands, alone: { _, context in CommandCommands.all(&context) })),
]

extension Engine {
  /// The version of redis that has the same replies.
  static let compatibleVersion = "7.0.15"
}
