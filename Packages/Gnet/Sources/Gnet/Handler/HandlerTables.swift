/// The tables of a loop: one for each service that its connections have.
struct HandlerTables: ~Copyable {
  private struct Entry {
    weak var definition: Service.Definition?
    let table: HandlerTable

    /// Whether no further connection can have the table: the program has given the service up.
    var isOver: Bool { definition == nil }
  }

  private let loop: EventLoop
  private var entries: [UInt64: Entry] = [:]
  /// The number of entries at which finished entries are looked for.
  private var limit = HandlerTables.minimumLimit
  /// Whether any table has something to be called before bytes are sent.
  private(set) var havePreWrite = false

  private static var minimumLimit: Int { 32 }

  init(_ loop: EventLoop) { self.loop = loop }

  /// The table of a service, which is made when the service is first used on the loop, and kept as long as the service.
  ///
  /// - Complexity: amortised O(1).
  mutating func table(of service: Service) -> HandlerTable {
    assert(loop.isCurrent)
    let definition = service.definition
    if let entry = entries[definition.id] {
      assert(entry.definition === definition, "a service has the table of another")
      return entry.table
    }
    if entries.count >= limit { removeOver() }
    let table = definition.makeTable(loop)
    if table.hasPreWrite { havePreWrite = true }
    entries[definition.id] = Entry(definition: definition, table: table)
    assert(entries.count <= limit)
    return table
  }

  /// Removes the tables of services that are no more: a program may make a service for each connection.
  private mutating func removeOver() {
    entries = entries.filter { !$0.value.isOver }
    limit = max(Self.minimumLimit, 2 * entries.count)
    assert(entries.count < limit)
  }
}
