/// The tables of a loop: one for each service that its connections have.
struct HandlerTables: ~Copyable {
  private let loop: EventLoop
  private var tables: [ObjectIdentifier: HandlerTable] = [:]
  /// Keeps the services: their identities name the tables.
  private var services: [Service] = []
  /// Whether any table has something to be called before bytes are sent.
  private(set) var havePreWrite = false

  init(_ loop: EventLoop) { self.loop = loop }

  /// The table of a service, which is made when the service is first used on the loop.
  mutating func table(of service: Service) -> HandlerTable {
    let identity = ObjectIdentifier(service.definition)
    if let table = tables[identity] { return table }
    let table = service.definition.makeTable(loop)
    if table.hasPreWrite { havePreWrite = true }
    tables[identity] = table
    services.append(service)
    return table
  }
}
