import ArgumentParser

/// The sockets to read: arguments of every subcommand.
struct SocketArguments: ParsableArguments {
  @Argument(help: ArgumentHelp("The metrics sockets of the servers.", valueName: "path"))
  var paths: [String]

  /// Each path once, in the order given.
  var distinctPaths: [String] {
    var seen: Set<String> = []
    return paths.filter { seen.insert($0).inserted }
  }
}
