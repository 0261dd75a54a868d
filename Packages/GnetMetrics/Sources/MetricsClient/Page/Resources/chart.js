/** The size of the drawing area in its own units; the browser stretches it. */
const [CHART_WIDTH, CHART_HEIGHT] = [1000, 100];

/**
 * A chart with a line or two over time, and their values at the present or at the time mark.
 *
 * `definition` has the `title`, the function `quantity` of a value and the text `per` behind it, the function `ceiling`
 * that rounds the end of the scale, and the `series`: each with a `label`, the function `value` of its value, and the
 * functions `low` and `high` if it is the mean of a range. A chart is a slider to keyboards and screen readers: it moves the time mark.
 */
class LineChart {
  constructor(definition, server, onMark) {
    this.definition = definition;
    this.onMark = onMark;
    this.frame = { begin: 0, end: 1, mark: null, step: 1, gap: 0 };
    this.values = definition.series.map(() => make("span", { class: "value" }));
    this.lines = definition.series.map((_, index) => make("path", { class: `line series${index}` }));
    this.area = make("path", { class: "area" });
    this.mark = make("line", { class: "time-mark", y1: 0, y2: CHART_HEIGHT });
    this.top = make("span", { class: "top", "aria-hidden": "true" });
    this.begin = make("span");
    this.end = make("span");
    const middle = CHART_HEIGHT / 2;
    this.plot = make(
      "div", { class: "plot", tabindex: 0, role: "slider", "aria-label": `${definition.title} of ${server}, time mark` },
      make(
        "svg",
        { viewBox: `0 0 ${CHART_WIDTH} ${CHART_HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
        make("path", { class: "grid", d: `M0 0H${CHART_WIDTH}M0 ${middle}H${CHART_WIDTH}` }),
        make("path", { class: "base", d: `M0 ${CHART_HEIGHT}H${CHART_WIDTH}` }), this.area, ...this.lines.toReversed(),
        this.mark),
      this.top);
    this.element = make(
      "figure", { class: "chart" },
      make("figcaption", {}, make("h3", {}, definition.title), make("p", { class: "figures" }, ...this.figures())),
      this.plot, make("div", { class: "axis", "aria-hidden": "true" }, this.begin, this.end));
    this.listen();
  }

  figures() {
    return this.definition.series.map(({ label }, index) =>
      make("span", { class: `figure series${index}` }, make("span", { class: "label" }, label), this.values[index]));
  }

  listen() {
    this.plot.addEventListener("pointermove", (event) => {
      const box = this.plot.getBoundingClientRect();
      const part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
      this.onMark(this.frame.begin + part * (this.frame.end - this.frame.begin));
    });
    this.plot.addEventListener("pointerleave", () => this.onMark(null));
    this.plot.addEventListener("focus", () => this.describe());
    this.plot.addEventListener("blur", () => this.onMark(null));
    this.plot.addEventListener("keydown", (event) => {
      const { begin, end, mark, step } = this.frame;
      const length = event.shiftKey ? 10 * step : step;
      const moves = {
        ArrowLeft: (mark ?? end) - length, ArrowDown: (mark ?? end) - length, ArrowRight: (mark ?? end) + length,
        ArrowUp: (mark ?? end) + length, Home: begin, End: end, Escape: null,
      };
      if (!(event.key in moves) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      const move = moves[event.key];
      this.onMark(move === null ? null : Math.min(end, Math.max(begin, move)));
    });
  }

  /** Draws `points`, pairs of time and work, in the `frame` of all charts. */
  draw(points, frame) {
    this.frame = frame;
    const { series, ceiling } = this.definition;
    const known = points.filter((point) => point.work);
    const highest = Math.max(0, ...known.flatMap(({ work }) => series.map(({ value, high = value }) => high(work))));
    const top = ceiling(highest);
    const x = (time) => ((time - frame.begin) / (frame.end - frame.begin)) * CHART_WIDTH;
    const y = (value) => CHART_HEIGHT * (1 - value / top);
    const runs = contiguous(points, frame.gap);
    series.forEach(({ value }, index) =>
      setAttribute(this.lines[index], "d", runs.map((run) => linePath(run, x, y, value)).join("")));
    const [{ value, low = () => 0, high = value }] = series;
    setAttribute(this.area, "d", runs.map((run) => areaPath(run, x, y, high, low)).join(""));
    setText(this.top, roundText(this.definition.quantity(top)));

    const shown = frame.mark === null ? points.at(-1) : nearest(points, frame.mark, frame.gap);
    series.forEach(({ value }, index) => setText(this.values[index], this.valueText(shown?.work && value(shown.work))));
    this.element.classList.toggle("marked", frame.mark !== null);
    const position = x(frame.mark ?? frame.end);
    setAttribute(this.mark, "x1", position);
    setAttribute(this.mark, "x2", position);
    setText(this.begin, frame.mark === null ? `${(frame.end - frame.begin) / 60000} min ago` : clock(frame.mark));
    setText(this.end, "now");
    setAttribute(this.plot, "aria-valuemin", Math.round((frame.begin - frame.end) / 1000));
    setAttribute(this.plot, "aria-valuemax", 0);
    setAttribute(this.plot, "aria-valuenow", Math.round(((frame.mark ?? frame.end) - frame.end) / 1000));
    if (frame.mark !== this.describedMark && this.plot === document.activeElement) this.describe();
  }

  valueText(value) {
    if (value === undefined || value === null) return "–";
    return text(this.definition.quantity(value)) + this.definition.per;
  }

  /** Tells screen readers the values at the mark: when somebody comes here or moves it, not with every update. */
  describe() {
    this.describedMark = this.frame.mark;
    const values = this.definition.series.map(({ label }, index) => `${label} ${this.values[index].textContent}`);
    const moment = this.frame.mark === null ? "now" : clock(this.frame.mark);
    setAttribute(this.plot, "aria-valuetext", `${moment}: ${values.join(", ")}`);
  }
}

/** The points in runs without interruption: where the server had gone, or the page was not updated, there is none. */
function contiguous(points, gap) {
  const runs = [];
  let last = -Infinity;
  for (const point of points) {
    if (point.work) {
      if (point.time - last > gap) runs.push([]);
      runs.at(-1).push(point);
    }
    last = point.work ? point.time : -Infinity;
  }
  return runs;
}

/** The point whose time is the nearest to `time`; `null` if there is none within `gap`. */
function nearest(points, time, gap) {
  const distance = (point) => Math.abs(point.time - time);
  const found = points.reduce((best, point) => (best === null || distance(point) < distance(best) ? point : best), null);
  return found !== null && distance(found) <= gap ? found : null;
}

function coordinate(value) {
  return value.toFixed(1);
}

function pathPoints(run, x, y, value) {
  return run.map(({ time, work }) => `${coordinate(x(time))} ${coordinate(y(value(work)))}`);
}

function linePath(run, x, y, value) {
  const points = pathPoints(run, x, y, value);
  // The line of a single point has no length: its round end makes it visible.
  return `M${points.join("L")}${points.length === 1 ? "h0" : ""}`;
}

/** The area between two values. */
function areaPath(run, x, y, high, low) {
  return `M${[...pathPoints(run, x, y, high), ...pathPoints(run, x, y, low).toReversed()].join("L")}Z`;
}
