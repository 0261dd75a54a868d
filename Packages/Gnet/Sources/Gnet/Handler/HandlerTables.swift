/// The tables of a loop: one for each service that its connections have.
struct HandlerTables: ~Copyable {
  private let loop: EventLoop
  /// What plugins want to be called before bytes are sent, if there is anything.
  private let pluginHook: PreWriteHook?
  private var tables: [ObjectIdentifier: HandlerTable] = [:]
  /// Keeps the services: their identities name the tables.
  private var services: [Service] = []

  typealias PreWriteHook = @Sendable (inout Connection, Int) -> Void

  init(_ loop: EventLoop, plugins: [any Plugin]) {
    self.loop = loop
    pluginHook = Self.chain(plugins)
  }

  /// The table of a service, which is made when the service is first used on the loop.
  mutating func table(of service: Service) -> HandlerTable {
    let identity = ObjectIdentifier(service.definition)
    if let table = tables[identity] { return table }
    let table = service.definition.makeTable(loop)
    table.preWrite = Self.chain(pluginHook, table.preWrite)
    tables[identity] = table
    services.append(service)
    return table
  }

  /// `preWrite` of all plugins as one call: looking into a list costs more than the hooks.
  private static func chain(_ plugins: [any Plugin]) -> PreWriteHook? {
    func hook(_ plugin: some Plugin) -> PreWriteHook { { plugin.preWrite(&$0, byteCount: $1) } }
    return plugins.reduce(nil) { chain($0, hook($1)) }
  }

  private static func chain(_ first: PreWriteHook?, _ second: PreWriteHook?) -> PreWriteHook? {
    guard let first, let second else { return first ?? second }
    return {
      first(&$0, $1)
      second(&$0, $1)
    }
  }
}
