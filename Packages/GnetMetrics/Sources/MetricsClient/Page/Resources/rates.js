// Rates of a loop between two snapshots, and their sums. The names are those of the schema.

const COUNTERS = [
  "connections_opened", "connections_closed", "reads", "bytes_read", "writes", "bytes_written", "writes_would_block",
  "accept_errors", "filter_failures", "connect_attempts", "connect_failures", "datagrams_in", "datagrams_out",
  "datagrams_too_long", "datagrams_unreachable", "datagrams_forbidden", "datagrams_failed", "datagrams_dropped", "wakeups", "polls",
];
/** Numbers that are shown as they are. */
const GAUGES = ["connections_active", "pending_output_bytes", "stalls"];
const HISTOGRAMS = ["write_size_histogram", "tick_lateness_histogram"];

/** A loop that a callback has blocked for this many seconds is stuck. */
const STUCK_SECONDS = 1;

/** A loop of an older server, which does not tell, is stuck if it has published nothing for this many seconds. */
const SILENT_SECONDS = 5;

function increase(now, before) {
  return Math.max(0, now - before);
}

/** Whether the counters of two snapshots go on from each other. */
function isSameRun(now, before) {
  return now.process_id === before.process_id && now.server_start_time === before.server_start_time
    && now.loops.length === before.loops.length;
}

/** The seconds for which a callback has blocked a loop. */
function stuckSeconds(loop, snapshot) {
  if (snapshot.state !== null) return loop.turn_age_nanoseconds / 1e9;
  const age = loop.published_time === 0 ? 0 : increase(snapshot.snapshot_time, loop.published_time) / 1e9;
  return age > SILENT_SECONDS ? age : 0;
}

/** Creates the work of no loop. */
function noWork() {
  const work = { busy: 0, busyLow: 0, busyHigh: 0 };
  for (const name of [...COUNTERS, ...GAUGES]) work[name] = 0;
  for (const name of HISTOGRAMS) work[name] = [];
  work.named = new Map();
  return work;
}

/**
 * The work of a loop between an `earlier` snapshot, if there is one, and a `snapshot`, per second by the loop's own clock.
 *
 * A loop that has published nothing since keeps its `last` work, unless it is stuck: it may publish less often than the
 * page is updated.
 */
function loopWork(index, snapshot, earlier, last) {
  const [now, before] = [snapshot.loops[index], earlier?.loops[index]];
  const work = noWork();
  work.stuckSeconds = stuckSeconds(now, snapshot);
  work.isStuck = work.stuckSeconds >= STUCK_SECONDS;
  const seconds = before ? (now.published_time - before.published_time) / 1e9 : 0;
  if (before && before.published_time > 0 && seconds > 0) {
    for (const name of COUNTERS) work[name] = increase(now[name], before[name]) / seconds;
    for (const name of HISTOGRAMS) {
      work[name] = now[name].counts.map((count, index) => increase(count, before[name].counts[index] ?? 0));
    }
    const busy = increase(now.busy_nanoseconds, before.busy_nanoseconds);
    const waiting = increase(now.waiting_nanoseconds, before.waiting_nanoseconds);
    work.busy = busy + waiting > 0 ? busy / (busy + waiting) : 0;
  } else if (last && !work.isStuck) {
    for (const name of [...COUNTERS, "busy"]) work[name] = last[name];
  }
  for (const name of GAUGES) work[name] = now[name];
  // These are not published by the loop: they are of the time of the snapshot.
  const snapshotSeconds = earlier ? (snapshot.snapshot_time - earlier.snapshot_time) / 1e9 : 0;
  work.named = namedCounts(now.named_counts, before?.named_counts ?? [], snapshotSeconds);
  work.busyLow = work.busyHigh = work.busy;
  work.index = now.loop_index;
  return work;
}

/** The work of several loops together; `busy` is their mean. */
function totalWork(loops) {
  const total = noWork();
  for (const loop of loops) {
    for (const name of [...COUNTERS, ...GAUGES]) total[name] += loop[name];
    for (const name of HISTOGRAMS) total[name] = addCounts(total[name], loop[name]);
    total.named = addNamedCounts(total.named, loop.named);
    total.busy += loop.busy / loops.length;
  }
  total.busyLow = loops.length === 0 ? 0 : Math.min(...loops.map((loop) => loop.busy));
  total.busyHigh = Math.max(0, ...loops.map((loop) => loop.busy));
  return total;
}

/** The connections that arrived and were not opened: they could not be accepted, or a filter such as TLS ended them. */
function failedArrivals(work) {
  return work.accept_errors + work.filter_failures;
}

/** The datagrams that were not sent, for any reason, per second. */
function unsentDatagrams(work) {
  return work.datagrams_too_long + work.datagrams_unreachable + work.datagrams_forbidden + work.datagrams_failed
    + work.datagrams_dropped;
}

/** The sums of the counts of two histograms with the same buckets; an empty list is one without values. */
function addCounts(left, right) {
  if (left.length === 0) return right;
  return left.map((count, index) => count + (right[index] ?? 0));
}

/**
 * The bound of the bucket up to which a part of the values lies: an upper limit of the quantile. `null` if there are no
 * values, and infinite in the last bucket, which has no bound.
 */
function quantileBound(bounds, counts, part) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let seen = 0;
  const index = counts.findIndex((count) => (seen += count) >= Math.ceil(total * part));
  return index < bounds.length ? bounds[index] : Infinity;
}
