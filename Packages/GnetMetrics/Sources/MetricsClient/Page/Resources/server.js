/** A series of the values of a name in the schema. */
function named(label, name) {
  return { label, value: (work) => work[name] };
}

const CHARTS = [
  {
    title: "Connections", quantity: count, per: "", ceiling: roundCount,
    series: [named("open", "connections_active")],
  },
  {
    title: "Arrivals", quantity: rate, per: "/s", ceiling: roundCount,
    series: [named("opened", "connections_opened"), named("closed", "connections_closed")],
  },
  {
    title: "Bytes", quantity: bytes, per: "/s", ceiling: roundBytes,
    series: [named("in", "bytes_read"), named("out", "bytes_written")],
  },
  {
    title: "Reads and writes", quantity: rate, per: "/s", ceiling: roundCount,
    series: [named("reads", "reads"), named("writes", "writes")],
  },
  {
    title: "Busy", quantity: share, per: "", ceiling: () => 1,
    series: [{
      label: "mean of the loops", value: (work) => work.busy, low: (work) => work.busyLow, high: (work) => work.busyHigh,
    }],
  },
  {
    title: "Pending output", quantity: bytes, per: "", ceiling: roundBytes,
    series: [named("waiting for clients", "pending_output_bytes")],
  },
  {
    title: "Wake-ups", quantity: rate, per: "/s", ceiling: roundCount,
    series: [named("by threads", "wakeups"), named("polls", "polls")],
  },
  {
    title: "Errors", quantity: rate, per: "/s", ceiling: roundCount,
    series: [{ label: "accepting", value: failedArrivals }, named("connecting", "connect_failures")],
  },
];

/** A series of the rate of all counts with a name. */
function counted(label, name) {
  return { label, value: (work) => namedRate(work, name) };
}

/** Charts of counts, for servers that have a count whose name begins with `prefix`. */
const COUNT_CHARTS = [
  {
    title: "Handshakes of TLS", prefix: "tls_", quantity: rate, per: "/s", ceiling: roundCount,
    series: [counted("succeeded", "tls_handshakes"), counted("failed", "tls_handshake_failures")],
  },
  {
    title: "Sessions of TLS", prefix: "tls_", quantity: rate, per: "/s", ceiling: roundCount,
    series: [
      { label: "new", value: (work) => Math.max(0, namedRate(work, "tls_handshakes") - namedRate(work, "tls_resumptions")) },
      counted("resumed", "tls_resumptions"),
    ],
  },
];

const HISTOGRAM_FIGURES = [
  { title: "Write sizes", name: "write_size_histogram", quantity: bytes, noun: "writes" },
  { title: "Lateness of timers", name: "tick_lateness_histogram", quantity: nanoseconds, noun: "timers" },
];

/** A column with the value of a name in the schema, if there is work. */
function column(title, quantity, name, meaning) {
  return { title, meaning, kind: quantity === bytes ? "bytes" : "", value: (work) => work && quantity(work[name]) };
}

const LOOP_COLUMNS = [
  column("open", count, "connections_active", "open connections"),
  column("opened", rate, "connections_opened", "connections opened per second"),
  column("closed", rate, "connections_closed", "connections closed per second"),
  column("reads", rate, "reads", "system calls that received, per second"),
  column("in", bytes, "bytes_read", "bytes received per second"),
  column("writes", rate, "writes", "system calls that sent, per second"),
  column("out", bytes, "bytes_written", "bytes sent per second"),
  { ...column("busy", share, "busy", "part of the time at work, of several loops the mean"), bar: (work) => work?.busy ?? 0 },
  column("stalls", count, "stalls", "times since the start that a callback blocked the loop for too long"),
  column("pending", bytes, "pending_output_bytes", "bytes of output that wait for clients"),
  column("blocked", rate, "writes_would_block", "writes per second that could not send all"),
  column("wakes", rate, "wakeups", "wake-ups by other threads per second"),
  column("polls", rate, "polls", "times per second that the loop asked the kernel for events"),
  column("UDP in", rate, "datagrams_in", "datagrams received per second"),
  column("UDP out", rate, "datagrams_out", "datagrams sent per second"),
  {
    title: "UDP unsent", meaning: "datagrams per second that were not sent",
    value: (work) => work && rate(unsentDatagrams(work)),
  },
  {
    title: "errors", meaning: "attempts to accept that failed, and connections that a filter such as TLS ended, per second",
    value: (work) => work && rate(failedArrivals(work)),
  },
  column("connects", rate, "connect_attempts", "outbound connections asked for, per second"),
  column("failed", rate, "connect_failures", "outbound connections that failed, per second"),
];

const COUNT_COLUMNS = [
  { title: "per second", value: (subject) => subject && rate(subject.rate) },
  { title: "since the start", value: (subject) => subject && count(subject.value) },
];

/** The section of a server: its facts, charts, histograms, the table of its loops, and that of its counts. */
class ServerSection {
  constructor(history, number, { onMark, onChange }) {
    this.history = history;
    /** The loop that the charts show; `null` for all. */
    this.loop = null;
    this.state = make("span", { class: "state" });
    this.facts = make("p", { class: "facts" });
    this.choice = make("select", { name: "loop" });
    this.choiceLabel = make("label", { class: "choice", hidden: "" }, "Charts of ", this.choice);
    this.choice.addEventListener("change", () => {
      this.loop = this.choice.value === "" ? null : Number(this.choice.value);
      onChange();
    });
    this.charts = CHARTS.map((definition) => new LineChart(definition, history.path, onMark));
    this.histograms = HISTOGRAM_FIGURES.map((definition) => new Histogram(definition));
    this.countCharts = COUNT_CHARTS.map((definition) => new LineChart(definition, history.path, onMark));
    this.counts = new Table(`Counts of ${history.path}`, "count", COUNT_COLUMNS);
    this.countsPart = make("div", { class: "counts", hidden: "" }, this.counts.element);
    this.table = new Table(`Loops of ${history.path}, rates per second`, "loop", LOOP_COLUMNS);
    const title = make("h2", {}, make("span", { class: "mark", "aria-hidden": "true" }), history.path, " ", this.state);
    this.content = make(
      "div", {}, make("div", { class: "heading" }, this.facts, this.choiceLabel), this.makeFigures(onChange),
      this.table.element, this.countsPart);
    this.details = make("details", { open: "" }, make("summary", {}, title), this.content);
    this.details.addEventListener("toggle", onChange);
    this.element = make("section", { class: "server", id: `server-${number}` }, this.details);
  }

  /** Creates the part with the charts, and notes whether it is on the screen: otherwise drawing it is wasted work. */
  makeFigures(onAppearance) {
    const figures = [...this.charts, ...this.histograms, ...this.countCharts].map(({ element }) => element);
    const part = make("div", { class: "figures-of-server" }, ...figures);
    this.areFiguresVisible = false;
    const observer = new IntersectionObserver((entries) => {
      this.areFiguresVisible = entries.at(-1).isIntersecting;
      if (this.areFiguresVisible) onAppearance();
    }, { rootMargin: "200px" });
    observer.observe(part);
    return part;
  }

  /** Draws the state, and what is visible of the rest. */
  draw(frame) {
    const { history } = this;
    setAttribute(this.element, "data-state", history.hasStuckLoop ? "stuck" : history.state);
    setText(this.state, this.stateText(frame.end));
    // Of a server that has never been there, there is nothing to show.
    this.content.hidden = history.snapshot === null;
    if (!this.details.open || this.content.hidden) return;
    setText(this.facts, this.factsText());
    this.drawChoice();
    this.table.update(this.rows());
    this.drawCounts();
    if (!this.areFiguresVisible) return;
    const points = history.workSince(frame.begin - frame.gap, this.loop);
    for (const chart of [...this.charts, ...this.countCharts]) {
      if (!chart.element.hidden) chart.draw(points, frame);
    }
    for (const histogram of this.histograms) this.drawHistogram(histogram, points);
  }

  stateText(now) {
    const { state, error, changed } = this.history;
    if (state === "waiting") return "waiting for the first reading";
    if (state === "gone") return `gone since ${clock(changed)} (${duration((now - changed) / 1000)}): ${error}`;
    const stuck = this.history.loops.filter((loop) => loop.isStuck);
    if (stuck.length === 0) return this.history.word;
    return `up, but stuck: ${stuck.map((loop) => `loop ${loop.index} for ${duration(loop.stuckSeconds)}`).join(", ")}`;
  }

  factsText() {
    const { snapshot } = this.history;
    if (!snapshot) return "";
    const uptime = (snapshot.snapshot_time - snapshot.server_start_time) / 1e9;
    const loopCount = snapshot.loops.length;
    return [
      ...snapshot.addresses, `process ${snapshot.process_id} on ${snapshot.host_name}`, `up ${duration(uptime)}`,
      `${loopCount} ${loopCount === 1 ? "loop" : "loops"}`, snapshot.backend, `GnetMetrics ${snapshot.package_version}`,
    ].join(" · ");
  }

  /** Offers each loop to the charts, if there are several. */
  drawChoice() {
    const loopCount = this.history.loops.length;
    if (this.choice.childElementCount === loopCount + 1) return;
    this.loop = null;
    this.choiceLabel.hidden = loopCount < 2;
    this.choice.replaceChildren(
      make("option", { value: "" }, "all loops"),
      ...this.history.loops.map(({ index }) => make("option", { value: index }, `loop ${index}`)));
  }

  /** Shows the table of counts and the charts of them, as far as the server has such counts. */
  drawCounts() {
    const { named } = this.history.total;
    const names = [...named.values()].map(({ name }) => name);
    for (const { element, definition } of this.countCharts) {
      element.hidden = !names.some((name) => name.startsWith(definition.prefix));
    }
    this.countsPart.hidden = named.size === 0;
    this.counts.update([...named.keys()].sort().map((title) => ({
      title, subject: this.history.isUp ? named.get(title) : null,
    })));
  }

  drawHistogram(histogram, points) {
    const { name } = histogram.definition;
    const bounds = this.history.snapshot?.loops[0]?.[name].upper_bounds ?? [];
    const empty = bounds.length === 0 ? [] : new Array(bounds.length + 1).fill(0);
    histogram.draw(bounds, points.reduce((counts, { work }) => (work ? addCounts(counts, work[name]) : counts), empty));
  }

  rows() {
    const { loops, total, isUp } = this.history;
    const rows = loops.map((loop) => ({
      title: String(loop.index), subject: isUp ? loop : null, kind: isUp && loop.isStuck ? "stuck" : "",
    }));
    return loops.length < 2 ? rows : [{ title: "all", subject: isUp ? total : null, kind: "total" }, ...rows];
  }
}
