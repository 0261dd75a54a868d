public import ArgumentParser
public import Gnet
internal import GnetTLS

/// The arguments for TLS to backends.
public struct BackendTLS: ParsableArguments {
  @Flag(name: .customLong("to-tls"), help: "Speak TLS to the backends, whose certificates must be of their hosts.")
  var isOn = false

  @Option(
    name: .customLong("to-ca"),
    help: ArgumentHelp(
      "The authorities that vouch for backends (PEM), instead of those that the system trusts.", valueName: "file"))
  var authorities: String?

  /// Required by `ParsableArguments`.
  public init() {}

  /// Refuses arguments that contradict each other.
  public func validate() throws {
    if authorities != nil && !isOn { throw ValidationError("--to-ca needs --to-tls.") }
  }

  /// Refuses the address of a backend that no certificate can be of.
  public func check(_ address: String) throws {
    if isOn && address.hasPrefix("unix://") {
      throw ValidationError("--to \(address): --to-tls needs a host that the certificate can be of.")
    }
  }

  /// Makes the filters of connections to backends; `nil` without TLS.
  public func makeFilter() throws -> ConnectionFilter.Factory? {
    isOn ? try TLSClient(trust: authorities.map { .file($0) } ?? .system).filter : nil
  }
}
