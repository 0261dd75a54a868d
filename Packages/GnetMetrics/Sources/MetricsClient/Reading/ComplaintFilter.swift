/// Selects the complaints that are new: a socket that keeps failing in the same way is named once.
package struct ComplaintFilter {
  private var complaints: [String: String] = [:]

  /// Creates a filter to which all complaints are new.
  package init() {}

  /// The complaints about sockets that have begun to fail, or that fail in another way than in their last reading.
  package mutating func newComplaints(_ readings: [Reading]) -> [String] {
    let new = readings.compactMap { reading in complaints[reading.path] == reading.complaint ? nil : reading.complaint }
    for reading in readings { complaints[reading.path] = reading.complaint }
    return new
  }
}
