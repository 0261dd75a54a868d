/// Rows of cells in columns: the first column aligned to the left, the others to the right, with two spaces between.
enum TextTable {
  /// A line for each row. All rows have the same number of cells.
  ///
  /// - Parameter minimumWidth: the least width of each column but the first.
  static func lines(_ rows: [[String]], minimumWidth: Int = 0) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in
      rows.reduce(column == 0 ? 0 : minimumWidth) { max($0, $1[column].count) }
    }
    return rows.map { row in
      let cells = row.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        return column == 0 ? row[column] + space : space + row[column]
      }
      return cells.joined(separator: "  ").trimmingEnd
    }
  }
}

extension String {
  /// The text without spaces at its end.
  fileprivate var trimmingEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
