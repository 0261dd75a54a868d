/** The longest time that charts show, in seconds. */
const LONGEST_SPAN = 900;

/** A server as the page knows it: its state, its last snapshot, and its work over the last minutes. */
class ServerHistory {
  constructor(path) {
    this.path = path;
    /** "waiting" before the first reading, then "up" or "gone". */
    this.state = "waiting";
    /** The time of the last change of the state, in milliseconds. */
    this.changed = 0;
    /** The reason why there is no snapshot. */
    this.error = "";
    /** The last snapshot. */
    this.snapshot = null;
    /** The work of each loop at the last reading. */
    this.loops = [];
    this.total = noWork();
    /** A sample per reading: its time in milliseconds, and the work; a sample without work where the server was gone. */
    this.samples = [];
  }

  get isUp() {
    return this.state === "up";
  }

  /** The state in a word. */
  get word() {
    if (this.hasStuckLoop) return "stuck";
    const isServing = !this.isUp || (this.snapshot.state ?? "serving") === "serving";
    return isServing ? this.state : this.snapshot.state;
  }

  get hasStuckLoop() {
    return this.isUp && this.loops.some((loop) => loop.isStuck);
  }

  /** Adds a reading. Returns the changes that people should know of, in words. */
  add(reading, time) {
    const changes = reading.error === undefined ? this.addSnapshot(reading, time) : this.addFailure(reading.error, time);
    const oldest = time - (LONGEST_SPAN + 10) * 1000;
    while (this.samples[0].time < oldest) this.samples.shift();
    return changes;
  }

  addSnapshot(snapshot, time) {
    const before = this.snapshot && isSameRun(snapshot, this.snapshot) ? this.snapshot : null;
    const changes = [];
    if (this.state === "gone") {
      changes.push(`is back after ${duration((time - this.changed) / 1000)}`);
    } else if (this.snapshot && !before) {
      changes.push(`was started again, as process ${snapshot.process_id}`);
    }
    if (this.state !== "up" || (this.snapshot && !before)) this.changed = time;
    this.state = "up";
    this.error = "";
    const lastLoops = before ? this.loops : [];
    // After an interruption of the same run, the rates are means over the interruption.
    this.loops = snapshot.loops.map((_, index) => loopWork(index, snapshot, before, lastLoops[index]));
    for (const loop of this.loops) {
      const wasStuck = lastLoops[loop.index]?.isStuck ?? false;
      if (loop.isStuck && !wasStuck) changes.push(`loop ${loop.index} is stuck in a callback`);
      if (!loop.isStuck && wasStuck) changes.push(`loop ${loop.index} goes on`);
    }
    if (snapshot.state === "draining" && before?.state !== "draining") {
      changes.push("accepts no more connections and lets the open ones finish");
    }
    this.snapshot = snapshot;
    this.total = totalWork(this.loops);
    this.samples.push({ time, total: before ? this.total : null, loops: before ? this.loops : null });
    return changes;
  }

  addFailure(error, time) {
    const changes = this.state === "gone" ? [] : [`${this.isUp ? "has gone" : "is not there"}: ${error}`];
    if (this.state !== "gone") this.changed = time;
    this.state = "gone";
    this.error = error;
    this.samples.push({ time, total: null, loops: null });
    return changes;
  }

  /** The samples since a time, as pairs of time and work: of one loop, or of all loops together if `loop` is `null`. */
  workSince(begin, loop) {
    const work = [];
    for (let index = this.samples.length - 1; index >= 0 && this.samples[index].time >= begin; index -= 1) {
      const sample = this.samples[index];
      work.push({ time: sample.time, work: (loop === null ? sample.total : sample.loops?.[loop]) ?? null });
    }
    return work.reverse();
  }
}
