import ArgumentParser
import GnetMetrics
import MetricsClient

@main
struct GnetMetricsTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gnet-metrics",
    abstract: "Shows the metrics of running Gnet servers.",
    discussion: """
      A server that was started with a metrics socket (the examples: --metrics PATH) sends a snapshot of what its \
      loops have done to whoever connects to it.
      """,
    version: GnetMetricsPackage.version,
    subcommands: [Scrape.self, Watch.self, Serve.self])

  static func main() {
    Output.openClosedStreams()
    main(nil)
  }
}
