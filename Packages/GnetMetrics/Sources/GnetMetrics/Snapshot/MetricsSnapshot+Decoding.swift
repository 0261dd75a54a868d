internal import CMetricsSchema
internal import CProtobufC
internal import Gnet

/// The reason why bytes cannot be decoded as a snapshot.
public enum MetricsSnapshotError: Error, Hashable, CustomStringConvertible {
  /// The bytes are no `gnet.metrics.v1.Snapshot`, or not a whole one.
  case malformed
  /// The bytes would take far more memory than a snapshot of their number does.
  case oversized
  /// The snapshot has a version of the schema that this package does not know.
  case unknownSchemaVersion(UInt32)

  /// The error in one line.
  public var description: String {
    switch self {
    case .malformed: "what it sent is no metrics snapshot"
    case .oversized: "what it sent takes more memory than a metrics snapshot"
    case .unknownSchemaVersion(let version):
      "its snapshot has schema version \(version), and only \(MetricsSnapshot.currentSchemaVersion) is known here"
    }
  }
}

extension MetricsSnapshot {
  /// Decodes a snapshot as a metrics socket sends it.
  ///
  /// - Parameter bytes: any bytes; those of a stranger do no harm.
  /// - Throws: `MetricsSnapshotError` if the bytes are no snapshot.
  /// - Complexity: O(*n*) in the number of bytes, in time and memory.
  public init(decoding bytes: [UInt8]) throws(MetricsSnapshotError) {
    // The loops of an idle server take twelve times their bytes.
    try self.init(decoding: bytes, memoryLimit: 65536 + 32 * bytes.count)
  }

  /// - Parameter memoryLimit: the most bytes that are allocated for the message in C.
  init(decoding bytes: [UInt8], memoryLimit: Int) throws(MetricsSnapshotError) {
    var budget = MessageBudget(byteCount: memoryLimit)
    let snapshot = try unsafe budget.withAllocator { (allocator) throws(MetricsSnapshotError) -> MetricsSnapshot? in
      let message = unsafe bytes.withUnsafeBufferPointer {
        unsafe gnet__metrics__v1__snapshot__unpack(allocator, $0.count, $0.baseAddress)
      }
      guard let message = unsafe message else { return nil }
      defer { unsafe gnet__metrics__v1__snapshot__free_unpacked(message, allocator) }
      return try unsafe MetricsSnapshot(message.pointee)
    }
    guard let snapshot else { throw budget.isExceeded ? .oversized : .malformed }
    self = snapshot
  }

  private init(_ message: Gnet__Metrics__V1__Snapshot) throws(MetricsSnapshotError) {
    guard unsafe message.has_schema_version != 0 else { throw .malformed }
    unsafe schemaVersion = message.schema_version
    guard schemaVersion == Self.currentSchemaVersion else { throw .unknownSchemaVersion(schemaVersion) }
    unsafe processID = message.process_id
    unsafe hostName = String(message.host_name)
    unsafe serverStartTime = message.server_start_time
    unsafe snapshotTime = message.snapshot_time
    unsafe sequenceNumber = message.sequence_number
    unsafe packageVersion = String(message.package_version)
    unsafe backend = String(message.backend)
    unsafe state = message.has_state == 0 ? nil : State(rawValue: message.state.rawValue)
    for index in unsafe 0..<message.n_addresses { unsafe addresses.append(String(message.addresses[index])) }
    for index in unsafe 0..<message.n_loops { unsafe loops.append(try LoopCounters(message.loops[index]!.pointee)) }
  }
}

extension MetricsSnapshot.LoopCounters {
  fileprivate init(_ message: CLoopCounters) throws(MetricsSnapshotError) {
    guard unsafe message.has_loop_index != 0 else { throw .malformed }
    unsafe self.init(index: Int(message.loop_index))
    for field in CounterField.all { unsafe field.decode(message, into: &self) }
    if let histogram = unsafe message.write_size_histogram {
      unsafe writeSizes = try MetricsSnapshot.Histogram(histogram.pointee)
    }
    if let histogram = unsafe message.tick_lateness_histogram {
      unsafe tickLateness = try MetricsSnapshot.Histogram(histogram.pointee)
    }
    for index in unsafe 0..<message.n_named_counts {
      let count = unsafe message.named_counts[index]!.pointee
      unsafe namedCounts[try LoopCounter(count)] = count.value
    }
  }
}

extension LoopCounter {
  fileprivate init(_ message: Gnet__Metrics__V1__NamedCount) throws(MetricsSnapshotError) {
    var labels: [String: String] = [:]
    for index in unsafe 0..<message.n_labels {
      let label = unsafe message.labels[index]!.pointee
      unsafe labels[String(label.name)] = String(label.value)
    }
    let name = unsafe String(message.name)
    guard Self.isName(name), labels.keys.allSatisfy(Self.isName) else { throw .malformed }
    unsafe self.init(name, help: String(message.help), labels: labels)
  }
}

extension MetricsSnapshot.Histogram {
  fileprivate init(_ message: Gnet__Metrics__V1__Histogram) throws(MetricsSnapshotError) {
    for index in unsafe 0..<message.n_upper_bounds { unsafe upperBounds.append(message.upper_bounds[index]) }
    for index in unsafe 0..<message.n_counts { unsafe counts.append(message.counts[index]) }
    unsafe sum = message.sum
    let isAscending = zip(upperBounds, upperBounds.dropFirst()).allSatisfy { $0 < $1 }
    guard isAscending, counts.count == upperBounds.count + 1 || (counts.isEmpty && upperBounds.isEmpty) else {
      throw .malformed
    }
  }
}

extension String {
  /// The text of a string field; empty if it is absent.
  fileprivate init(_ field: UnsafeMutablePointer<CChar>?) {
    if let field = unsafe field { unsafe self.init(cString: field) } else { self.init() }
  }
}
