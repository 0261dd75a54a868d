public import ArgumentParser

/// A program that runs a server. Its properties are the arguments that the other examples do not have.
public protocol ServerProgram: ParsableArguments {
  /// A description of the program in a sentence.
  static var summary: String { get }

  /// Runs the server, until a signal ends the program. Called on the main thread.
  ///
  /// - Parameter server: the arguments of all examples.
  func run(_ server: ServerArguments) throws
}

extension ServerProgram {
  /// Runs the program with the arguments that the process was started with.
  public static func main() { ServerCommand<Self>.main() }
}

/// The command line of a program.
private struct ServerCommand<Program: ServerProgram>: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(commandName: "\(Program.self)".lowercased(), abstract: Program.summary)
  }

  @OptionGroup var server: ServerArguments
  @OptionGroup var program: Program

  func run() throws { try program.run(server) }
}
