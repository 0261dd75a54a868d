internal import Gnet

/// Rates for a terminal: a table of the terminal's size.
package struct LiveTable {
  /// The width of every number at most, so that columns do not move when numbers change.
  private static let columnWidth = 8

  private var readings: [Reading] = []
  private var servers: [ServerRates] = []
  private let style: TerminalStyle

  /// Creates an empty table.
  package init(style: TerminalStyle) { self.style = style }

  /// Replaces the readings. Rates are those since the readings before.
  package mutating func update(_ new: [Reading]) {
    servers = ServerRates.all(of: new, since: readings)
    readings = new
  }

  /// The table in at most `height` lines of at most `width` characters.
  ///
  /// If the table is too wide, columns are left out from the right; if it is too long, rows from the end. The totals
  /// stand at the top.
  package func lines(width: Int, height: Int) -> [String] {
    let (width, height) = (max(width, 1), max(height, 1))
    let rows = Self.rows(servers, titleWidth: max(width / 3, 8))
    let lines = zip(rows, Self.texts(rows, width)).map { style.apply($0.kind, String($1.prefix(width))) }
    if lines.count <= height { return lines }
    let more = String("... and \(lines.count - height + 1) more rows".prefix(width))
    return lines.prefix(height - 1) + [style.apply(.failure, more)]
  }

  /// A row of the table.
  struct Row {
    enum Kind { case heading, total, server, loop, busyLoop, failure }

    var kind: Kind
    var title: String
    /// The numbers; `nil` for a row without any.
    var rates: LoopRates?
  }

  private static func rows(_ servers: [ServerRates], titleWidth: Int) -> [Row] {
    let total = servers.reduce(into: LoopRates()) { $0.add($1.total) }
    var rows = [Row(kind: .heading, title: "loop"), Row(kind: .total, title: "total", rates: total)]
    for server in servers {
      let path = server.path.escapingControls
      if let failure = server.failure {
        rows.append(Row(kind: .failure, title: "\(path): \(failure)"))
        continue
      }
      // The end of a path tells more than its beginning.
      let title = path.count <= titleWidth ? path : "...\(path.suffix(titleWidth - 3))"
      rows.append(Row(kind: .server, title: title, rates: server.total))
      for (index, rates) in server.loops.enumerated() {
        rows.append(Row(kind: rates.busy > 0.9 ? .busyLoop : .loop, title: "  \(index)", rates: rates))
      }
    }
    return rows
  }

  /// A line for each row, with as many columns as fit.
  private static func texts(_ rows: [Row], _ width: Int) -> [String] {
    let inTable = rows.filter { $0.kind != .failure }
    let titleWidth = inTable.map(\.title.count).max() ?? 0
    var space = width - titleWidth
    let columns = RateColumn.all(for: rows.first { $0.kind == .total }?.rates ?? LoopRates()).prefix { column in
      space -= max(columnWidth, column.title.count) + 2
      return space >= 0
    }
    let cells = inTable.map { row in
      [row.title] + columns.map { column in row.rates.map { column.text($0) } ?? column.title }
    }
    var lines = TextTable.lines(cells, minimumWidth: columnWidth)[...]
    return rows.map { $0.kind == .failure ? $0.title : lines.removeFirst() }
  }
}
