/// Tells new complaints from those that have been made: a socket that keeps failing in the same way is named once.
package struct ComplaintFilter {
  private var complaints: [String: String] = [:]

  /// Creates a filter that no complaint has passed yet.
  package init() {}

  /// The complaints of sockets that have begun to fail, or fail in another way than in the readings before.
  package mutating func newComplaints(_ readings: [Reading]) -> [String] {
    let new = readings.compactMap { reading in complaints[reading.path] == reading.complaint ? nil : reading.complaint }
    complaints = [:]
    for reading in readings { complaints[reading.path] = reading.complaint }
    return new
  }
}
