internal import CMetricsSchema
internal import CProtobufC
internal import Gnet

/// A number that every loop tells: its place in a snapshot and in the schema's message, and its names.
///
/// Encoding, decoding and every format walk ``all``. A new counter is a field of the schema and a row here.
@safe
package struct CounterField: Sendable {
  /// The behaviour of a number over time.
  package enum Kind: String, Sendable {
    /// A number that only grows.
    case counter
    /// A number that goes up and down, or a high-water mark.
    case gauge
  }

  /// The place of the number in a snapshot.
  let path: any WritableKeyPath<MetricsSnapshot.LoopCounters, UInt64> & Sendable
  /// The place of the number in the schema's message.
  let field: any WritableKeyPath<CLoopCounters, UInt64> & Sendable
  /// The place in the schema's message that tells whether the number is there.
  let presence: any WritableKeyPath<CLoopCounters, protobuf_c_boolean> & Sendable

  /// The name in the schema, and in JSON.
  package let name: String
  /// The name for Prometheus: unit and kind last, and times in seconds.
  package let exposition: String
  /// The behaviour over time.
  package let kind: Kind
  /// A description without a full stop.
  package let help: String
  /// Whether the sum over loops means something; otherwise their maximum does.
  package let isSummable: Bool

  private init(
    _ path: any WritableKeyPath<MetricsSnapshot.LoopCounters, UInt64> & Sendable,
    _ field: any WritableKeyPath<CLoopCounters, UInt64> & Sendable,
    _ presence: any WritableKeyPath<CLoopCounters, protobuf_c_boolean> & Sendable,
    _ name: String, _ exposition: String, _ kind: Kind, isSummable: Bool = true, _ help: String
  ) {
    self.path = path
    unsafe (self.field, self.presence) = (field, presence)
    (self.name, self.exposition, self.kind, self.isSummable, self.help) = (name, exposition, kind, isSummable, help)
  }

  /// All numbers, in the order of the schema.
  package static let all: [CounterField] = unsafe [
    CounterField(
      \.statistics.connectionsOpened, \.connections_opened, \.has_connections_opened,
      "connections_opened", "gnet_connections_opened_total", .counter,
      "Stream connections opened on this loop"),
    CounterField(
      \.statistics.connectionsClosed, \.connections_closed, \.has_connections_closed,
      "connections_closed", "gnet_connections_closed_total", .counter,
      "Stream connections that ended: closed or detached"),
    CounterField(
      \.statistics.connectionsActive, \.connections_active, \.has_connections_active,
      "connections_active", "gnet_connections_active", .gauge,
      "Stream connections open now"),
    CounterField(
      \.statistics.reads, \.reads, \.has_reads,
      "reads", "gnet_reads_total", .counter,
      "System calls that received bytes from a client"),
    CounterField(
      \.statistics.bytesRead, \.bytes_read, \.has_bytes_read,
      "bytes_read", "gnet_read_bytes_total", .counter,
      "Bytes received, those of datagrams too"),
    CounterField(
      \.statistics.writes, \.writes, \.has_writes,
      "writes", "gnet_writes_total", .counter,
      "System calls that sent bytes to a client"),
    CounterField(
      \.statistics.bytesWritten, \.bytes_written, \.has_bytes_written,
      "bytes_written", "gnet_written_bytes_total", .counter,
      "Bytes that the kernel took, those of datagrams too"),
    CounterField(
      \.statistics.writesWouldBlock, \.writes_would_block, \.has_writes_would_block,
      "writes_would_block", "gnet_writes_would_block_total", .counter,
      "System calls that could send nothing, or not all, because the kernel's buffer was full"),
    CounterField(
      \.statistics.accepts, \.accepts, \.has_accepts,
      "accepts", "gnet_accepts_total", .counter,
      "Connections accepted for this loop"),
    CounterField(
      \.statistics.acceptErrors, \.accept_errors, \.has_accept_errors,
      "accept_errors", "gnet_accept_errors_total", .counter,
      "Attempts to accept that failed"),
    CounterField(
      \.statistics.connectAttempts, \.connect_attempts, \.has_connect_attempts,
      "connect_attempts", "gnet_connect_attempts_total", .counter,
      "Outbound connections that were asked for"),
    CounterField(
      \.statistics.connectFailures, \.connect_failures, \.has_connect_failures,
      "connect_failures", "gnet_connect_failures_total", .counter,
      "Outbound connections that could not be established"),
    CounterField(
      \.statistics.connectionsOutbound, \.connections_outbound, \.has_connections_outbound,
      "connections_outbound", "gnet_connections_outbound_total", .counter,
      "Outbound connections opened on this loop"),
    CounterField(
      \.statistics.filterFailures, \.filter_failures, \.has_filter_failures,
      "filter_failures", "gnet_filter_failures_total", .counter,
      "Accepted connections that a filter, such as TLS, ended before they were open"),
    CounterField(
      \.statistics.datagramsIn, \.datagrams_in, \.has_datagrams_in,
      "datagrams_in", "gnet_datagrams_in_total", .counter,
      "Datagrams received"),
    CounterField(
      \.statistics.datagramsOut, \.datagrams_out, \.has_datagrams_out,
      "datagrams_out", "gnet_datagrams_out_total", .counter,
      "Datagrams sent"),
    CounterField(
      \.statistics.datagramsTooLong, \.datagrams_too_long, \.has_datagrams_too_long,
      "datagrams_too_long", "gnet_datagrams_too_long_total", .counter,
      "Datagrams that were not sent because they are longer than the path or the socket takes"),
    CounterField(
      \.statistics.datagramsUnreachable, \.datagrams_unreachable, \.has_datagrams_unreachable,
      "datagrams_unreachable", "gnet_datagrams_unreachable_total", .counter,
      "Datagrams that were not sent because there is no way to the peer"),
    CounterField(
      \.statistics.datagramsForbidden, \.datagrams_forbidden, \.has_datagrams_forbidden,
      "datagrams_forbidden", "gnet_datagrams_forbidden_total", .counter,
      "Datagrams that were not sent because the system does not allow it"),
    CounterField(
      \.statistics.datagramsFailed, \.datagrams_failed, \.has_datagrams_failed,
      "datagrams_failed", "gnet_datagrams_failed_total", .counter,
      "Datagrams that were not sent because of another error"),
    CounterField(
      \.statistics.datagramsDropped, \.datagrams_dropped, \.has_datagrams_dropped,
      "datagrams_dropped", "gnet_datagrams_dropped_total", .counter,
      "Datagrams that were given up: for lack of space, or at the end of a shutdown"),
    CounterField(
      \.statistics.wakeups, \.wakeups, \.has_wakeups,
      "wakeups", "gnet_wakeups_total", .counter,
      "Times that another thread woke the loop"),
    CounterField(
      \.statistics.polls, \.polls, \.has_polls,
      "polls", "gnet_polls_total", .counter,
      "Times that the loop asked the kernel for events"),
    CounterField(
      \.statistics.mailboxMessages, \.mailbox_messages, \.has_mailbox_messages,
      "mailbox_messages", "gnet_mailbox_messages_total", .counter,
      "Messages taken from the loop's mailbox"),
    CounterField(
      \.statistics.mailboxDepthMax, \.mailbox_depth_max, \.has_mailbox_depth_max,
      "mailbox_depth_max", "gnet_mailbox_depth_max", .gauge, isSummable: false,
      "The most messages taken from the mailbox at once"),
    CounterField(
      \.statistics.pendingOutputBytes, \.pending_output_bytes, \.has_pending_output_bytes,
      "pending_output_bytes", "gnet_pending_output_bytes", .gauge,
      "Bytes of output waiting for their peers now"),
    CounterField(
      \.statistics.busyNanoseconds, \.busy_nanoseconds, \.has_busy_nanoseconds,
      "busy_nanoseconds", "gnet_busy_seconds_total", .counter,
      "Time spent at work, callbacks included"),
    CounterField(
      \.statistics.waitingNanoseconds, \.waiting_nanoseconds, \.has_waiting_nanoseconds,
      "waiting_nanoseconds", "gnet_waiting_seconds_total", .counter,
      "Time spent waiting for events"),
    CounterField(
      \.stalls, \.stalls, \.has_stalls,
      "stalls", "gnet_loop_stalls_total", .counter,
      "Times that the loop was stuck in a callback for longer than a limit"),
    CounterField(
      \.turnAge, \.turn_age_nanoseconds, \.has_turn_age_nanoseconds,
      "turn_age_nanoseconds", "gnet_loop_turn_age_seconds", .gauge, isSummable: false,
      "How long the loop has been stuck in a callback, beyond the moment of its own timer"),
    CounterField(
      \.publishedTime, \.published_time, \.has_published_time,
      "published_time", "gnet_published_time_seconds", .gauge, isSummable: false,
      "When the loop published its counters, since the Unix epoch: in the past if it is stuck"),
  ]
}

extension CounterField {
  /// Whether the number is a time in nanoseconds.
  package var isTime: Bool { exposition.contains("_seconds") }

  /// The number that a loop tells.
  package func value(_ loop: MetricsSnapshot.LoopCounters) -> UInt64 { loop[keyPath: path] }

  /// Copies the number into a message of the schema.
  func encode(_ loop: MetricsSnapshot.LoopCounters, into message: inout CLoopCounters) {
    unsafe message[keyPath: field] = loop[keyPath: path]
    unsafe message[keyPath: presence] = 1
  }

  /// Copies the number out of a message of the schema; 0 where the message lacks it.
  func decode(_ message: CLoopCounters, into loop: inout MetricsSnapshot.LoopCounters) {
    loop[keyPath: path] = unsafe message[keyPath: field]
  }
}
