internal import CGnet

/// The wishes of a caller: what to serve, where, and how.
struct ServerPlan: Sendable {
  let listeners: [Listener]
  let options: Options
  /// The events whose server-wide callbacks count, if the server was started with `Events`.
  let events: Events?

  /// A server of services.
  init(_ listeners: [Listener], _ options: Options) {
    self.listeners = listeners
    self.options = options
    events = nil
  }

  /// A server of events, on any number of addresses.
  init(_ events: Events, _ options: Options, on addresses: [String]) throws(ServeError) {
    if addresses.isEmpty { throw .invalidAddress("", reason: "there is no address to serve on") }
    let service = Service(events)
    listeners = addresses.map { Listener($0, service) }
    self.options = options
    self.events = events
  }

  /// The plugins in the order they were installed.
  var plugins: [any Plugin] { options.plugins + (events?.plugins ?? []) }

  /// The number of event loops. Services get one for each processor that the process may use, unless told otherwise.
  var loopCount: Int {
    if let count = options.loopCount { return count }
    return events?.multicore ?? true ? Int(cgnet_processor_count()) : 1
  }
}
