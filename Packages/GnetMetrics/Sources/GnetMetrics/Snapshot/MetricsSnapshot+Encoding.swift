internal import CMetricsSchema
internal import CProtobufC
package import Gnet

private typealias CSnapshot = Gnet__Metrics__V1__Snapshot
typealias CLoopCounters = Gnet__Metrics__V1__LoopCounters
private typealias CNamedCount = Gnet__Metrics__V1__NamedCount
private typealias CLabel = Gnet__Metrics__V1__Label
private typealias CHistogram = Gnet__Metrics__V1__Histogram

extension MetricsSnapshot {
  /// Encodes the snapshot as a metrics socket sends it: a `gnet.metrics.v1.Snapshot` in protobuf's encoding.
  ///
  /// - Complexity: O(*n*) in the number of loops.
  public func encoded() -> [UInt8] {
    var memory = MessageMemory()
    var message = unsafe CSnapshot()
    unsafe fill(&message, &memory)
    let size = unsafe gnet__metrics__v1__snapshot__get_packed_size(&message)
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      // The buffer of an empty array has no address. A snapshot is never empty, since it has a version.
      unsafe count = gnet__metrics__v1__snapshot__pack(&message, buffer.baseAddress)
    }
  }

  private func fill(_ message: inout CSnapshot, _ memory: inout MessageMemory) {
    unsafe gnet__metrics__v1__snapshot__init(&message)
    unsafe (message.has_schema_version, message.schema_version) = (1, schemaVersion)
    unsafe (message.has_process_id, message.process_id) = (1, processID)
    unsafe message.host_name = memory.copy(hostName)
    unsafe (message.has_server_start_time, message.server_start_time) = (1, serverStartTime)
    unsafe (message.has_snapshot_time, message.snapshot_time) = (1, snapshotTime)
    unsafe (message.has_sequence_number, message.sequence_number) = (1, sequenceNumber)
    unsafe message.package_version = memory.copy(packageVersion)
    unsafe message.backend = memory.copy(backend)
    if let state {
      unsafe (message.has_state, message.state) = (1, Gnet__Metrics__V1__ServerState(state.rawValue))
    }

    let texts = unsafe memory.allocate(UnsafeMutablePointer<CChar>?.self, count: addresses.count)
    for index in addresses.indices { unsafe (texts + index).initialize(to: memory.copy(addresses[index])) }
    unsafe message.addresses = texts
    unsafe message.n_addresses = addresses.count

    let counters = unsafe memory.allocate(CLoopCounters.self, count: loops.count)
    for index in loops.indices {
      unsafe (counters + index).initialize(to: CLoopCounters())
      unsafe loops[index].fill(&counters[index], &memory)
    }
    unsafe message.loops = memory.addresses(of: counters, count: loops.count)
    unsafe message.n_loops = loops.count
  }
}

extension MetricsSnapshot.LoopCounters {
  fileprivate func fill(_ message: inout CLoopCounters, _ memory: inout MessageMemory) {
    unsafe gnet__metrics__v1__loop_counters__init(&message)
    unsafe (message.has_loop_index, message.loop_index) = (1, UInt32(index))
    for field in CounterField.all { unsafe field.encode(self, into: &message) }
    unsafe message.write_size_histogram = writeSizes.message(&memory)
    unsafe message.tick_lateness_histogram = tickLateness.message(&memory)
    let counts = unsafe memory.allocate(CNamedCount.self, count: namedCounts.count)
    for (index, (counter, value)) in sortedCounts.enumerated() {
      unsafe (counts + index).initialize(to: CNamedCount(counter, value, &memory))
    }
    unsafe message.named_counts = memory.addresses(of: counts, count: namedCounts.count)
    unsafe message.n_named_counts = namedCounts.count
  }

  /// The counts in an order that depends on nothing else.
  package var sortedCounts: [(counter: LoopCounter, value: UInt64)] {
    namedCounts.sorted { $0.key.isOrdered(before: $1.key) }.map { ($0.key, $0.value) }
  }
}

extension LoopCounter {
  /// Labels in the order of their names.
  package var sortedLabels: [(name: String, value: String)] {
    labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Orders by name, then by labels.
  package func isOrdered(before other: LoopCounter) -> Bool {
    if name != other.name { return name < other.name }
    let (own, others) = (sortedLabels, other.sortedLabels)
    return own.lexicographicallyPrecedes(others) { $0 < $1 }
  }
}

extension CNamedCount {
  fileprivate init(_ counter: LoopCounter, _ value: UInt64, _ memory: inout MessageMemory) {
    unsafe self.init()
    unsafe gnet__metrics__v1__named_count__init(&self)
    unsafe name = memory.copy(counter.name)
    unsafe help = memory.copy(counter.help)
    unsafe (has_value, self.value) = (1, value)
    let copies = unsafe memory.allocate(CLabel.self, count: counter.labels.count)
    for (index, label) in counter.sortedLabels.enumerated() {
      unsafe (copies + index).initialize(to: CLabel())
      unsafe gnet__metrics__v1__label__init(copies + index)
      unsafe copies[index].name = memory.copy(label.name)
      unsafe copies[index].value = memory.copy(label.value)
    }
    unsafe labels = memory.addresses(of: copies, count: counter.labels.count)
    unsafe n_labels = counter.labels.count
  }
}

extension MetricsSnapshot.Histogram {
  fileprivate func message(_ memory: inout MessageMemory) -> UnsafeMutablePointer<CHistogram> {
    let message = unsafe memory.allocate(CHistogram.self, count: 1)
    unsafe message.initialize(to: CHistogram())
    unsafe gnet__metrics__v1__histogram__init(message)
    unsafe message.pointee.upper_bounds = memory.copy(upperBounds)
    unsafe message.pointee.n_upper_bounds = upperBounds.count
    unsafe message.pointee.counts = memory.copy(counts)
    unsafe message.pointee.n_counts = counts.count
    unsafe (message.pointee.has_sum, message.pointee.sum) = (1, sum)
    return unsafe message
  }
}
