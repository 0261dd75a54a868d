internal import Gnet
internal import GnetMetrics

/// A number that every loop tells, and how it is called where.
struct CounterField: Sendable {
  /// How a number behaves over time.
  enum Kind: String {
    /// It only grows.
    case counter
    /// It goes up and down, or is a high-water mark.
    case gauge
  }

  /// Its name in the schema, and in JSON.
  let name: String
  /// Its name for Prometheus: unit and kind last, and times in seconds.
  let exposition: String
  let kind: Kind
  /// A description without a full stop.
  let help: String
  /// Whether the sum over loops means something; otherwise their maximum does.
  var isSummable = true
  let value: @Sendable (MetricsSnapshot.LoopCounters) -> UInt64

  /// Whether the value is a time in nanoseconds.
  var isTime: Bool { exposition.contains("_seconds") }

  /// All of them, in the order of the schema.
  static let all: [CounterField] = [
    CounterField(
      name: "connections_opened", exposition: "gnet_connections_opened_total", kind: .counter,
      help: "Stream connections opened on this loop", value: { $0.statistics.connectionsOpened }),
    CounterField(
      name: "connections_closed", exposition: "gnet_connections_closed_total", kind: .counter,
      help: "Stream connections that ended: closed or detached", value: { $0.statistics.connectionsClosed }),
    CounterField(
      name: "connections_active", exposition: "gnet_connections_active", kind: .gauge,
      help: "Stream connections open now", value: { $0.statistics.connectionsActive }),
    CounterField(
      name: "reads", exposition: "gnet_reads_total", kind: .counter,
      help: "System calls that received bytes from a client", value: { $0.statistics.reads }),
    CounterField(
      name: "bytes_read", exposition: "gnet_read_bytes_total", kind: .counter,
      help: "Bytes received, those of datagrams too", value: { $0.statistics.bytesRead }),
    CounterField(
      name: "writes", exposition: "gnet_writes_total", kind: .counter,
      help: "System calls that sent bytes to a client", value: { $0.statistics.writes }),
    CounterField(
      name: "bytes_written", exposition: "gnet_written_bytes_total", kind: .counter,
      help: "Bytes that the kernel took, those of datagrams too", value: { $0.statistics.bytesWritten }),
    CounterField(
      name: "writes_would_block", exposition: "gnet_writes_would_block_total", kind: .counter,
      help: "System calls that could send nothing, or not all, because the kernel's buffer was full",
      value: { $0.statistics.writesWouldBlock }),
    CounterField(
      name: "accepts", exposition: "gnet_accepts_total", kind: .counter,
      help: "Connections accepted for this loop", value: { $0.statistics.accepts }),
    CounterField(
      name: "accept_errors", exposition: "gnet_accept_errors_total", kind: .counter,
      help: "Attempts to accept that failed", value: { $0.statistics.acceptErrors }),
    CounterField(
      name: "datagrams_in", exposition: "gnet_datagrams_in_total", kind: .counter,
      help: "Datagrams received", value: { $0.statistics.datagramsIn }),
    CounterField(
      name: "datagrams_out", exposition: "gnet_datagrams_out_total", kind: .counter,
      help: "Datagrams sent", value: { $0.statistics.datagramsOut }),
    CounterField(
      name: "wakeups", exposition: "gnet_wakeups_total", kind: .counter,
      help: "Times that another thread woke the loop", value: { $0.statistics.wakeups }),
    CounterField(
      name: "polls", exposition: "gnet_polls_total", kind: .counter,
      help: "Times that the loop asked the kernel for events", value: { $0.statistics.polls }),
    CounterField(
      name: "mailbox_messages", exposition: "gnet_mailbox_messages_total", kind: .counter,
      help: "Messages taken from the loop's mailbox", value: { $0.statistics.mailboxMessages }),
    CounterField(
      name: "mailbox_depth_max", exposition: "gnet_mailbox_depth_max", kind: .gauge,
      help: "The most messages taken from the mailbox at once", isSummable: false,
      value: { $0.statistics.mailboxDepthMax }),
    CounterField(
      name: "pending_output_bytes", exposition: "gnet_pending_output_bytes", kind: .gauge,
      help: "Bytes of output waiting for their peers now", value: { $0.statistics.pendingOutputBytes }),
    CounterField(
      name: "busy_nanoseconds", exposition: "gnet_busy_seconds_total", kind: .counter,
      help: "Time spent at work, callbacks included", value: { $0.statistics.busyNanoseconds }),
    CounterField(
      name: "waiting_nanoseconds", exposition: "gnet_waiting_seconds_total", kind: .counter,
      help: "Time spent waiting for events", value: { $0.statistics.waitingNanoseconds }),
    CounterField(
      name: "published_time", exposition: "gnet_published_time_seconds", kind: .gauge,
      help: "When the loop published its counters, since the Unix epoch: in the past if it is stuck", isSummable: false,
      value: { $0.publishedTime }),
  ]
}
