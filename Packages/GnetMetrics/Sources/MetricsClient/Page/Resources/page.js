/** The number of changes that the page keeps. */
const CHANGE_LIMIT = 100;

/** The time in milliseconds in which events are collected before they are drawn. */
const UPDATE_DELAY = 100;

/** The titles of the columns that the overview and the tables of loops have in common. */
const SHARED_TITLES = ["open", "opened", "reads", "in", "out", "busy", "pending"];

const OVERVIEW_COLUMNS = [
  { title: "state", kind: "text", value: ({ word }) => word },
  ...[
    ...LOOP_COLUMNS.filter(({ title }) => SHARED_TITLES.includes(title)),
    { title: "errors", meaning: "failures to accept and to connect, per second",
      value: (work) => work && rate(failedArrivals(work) + work.connect_failures) },
  ].map((column) => ({
    ...column,
    value: (history) => column.value(history.isUp ? history.total : null),
    bar: column.bar && ((history) => column.bar(history.isUp ? history.total : null)),
  })),
];

/** A function that has `schedule` call `action` later: once for all calls until then. */
function planner(action, schedule) {
  let isPlanned = false;
  return () => {
    if (isPlanned) return;
    isPlanned = true;
    schedule(() => {
      isPlanned = false;
      action();
    });
  };
}

/** The whole page: takes the events of the feed, and draws. */
class Page {
  constructor() {
    this.servers = new Map();
    this.interval = 1;
    this.span = 300;
    /** The time mark of all charts in milliseconds; `null` for the present. */
    this.mark = null;
    this.now = Date.now();
    this.isConnected = false;
    /** Draws with the next frame of the display, for what somebody does. */
    this.planDrawing = planner(() => this.draw(), requestAnimationFrame);
    /** Draws soon: the events of several servers come one after the other. */
    this.planUpdate = planner(this.planDrawing, (action) => setTimeout(action, UPDATE_DELAY));
    this.overview = new Table("Servers, rates per second", "server", OVERVIEW_COLUMNS);
    document.getElementById("overview").append(this.overview.element);
    document.getElementById("span").addEventListener("change", (event) => {
      this.span = Number(event.target.value);
      this.planDrawing();
    });
    this.connect();
    // A connection may end without a word, for instance while the computer sleeps.
    setInterval(() => this.checkSilence(), 1000);
  }

  // The feed.

  connect() {
    this.lastEvent = Date.now();
    this.source = new EventSource("events");
    this.source.addEventListener("servers", (event) => this.receive(event, (message) => this.setServers(message)));
    this.source.addEventListener("message", (event) => this.receive(event, (message) => this.addReading(message)));
    // The browser connects again by itself, unless the answer was no feed: then the check of silence does.
    this.source.addEventListener("error", () => this.setConnected(false));
  }

  receive(event, handle) {
    this.now = this.lastEvent = Date.now();
    this.setConnected(true);
    handle(JSON.parse(event.data));
    this.planUpdate();
  }

  checkSilence() {
    const limit = (this.interval * 5 + 5) * 1000;
    if (Date.now() - this.lastEvent < limit) return;
    this.setConnected(false);
    this.source.close();
    this.connect();
  }

  setConnected(isConnected) {
    if (this.isConnected === isConnected) return;
    if (!isConnected) this.announce("No connection to gnet-metrics. Trying again.");
    else if (this.servers.size > 0) this.announce("Connected to gnet-metrics again.");
    this.isConnected = isConnected;
    this.planDrawing();
  }

  /** Takes over the list of servers, which is another one if gnet-metrics was started again for others. */
  setServers({ servers, interval }) {
    this.interval = interval;
    if (servers.join("\n") === [...this.servers.keys()].join("\n")) return;
    this.servers = new Map(servers.map((path, index) => [path, this.makeServer(path, index)]));
    document.getElementById("servers").replaceChildren(...[...this.servers.values()].map(({ section }) => section.element));
    document.getElementById("overview").hidden = servers.length < 2;
  }

  makeServer(path, number) {
    const history = new ServerHistory(path);
    const section = new ServerSection(history, number, {
      onMark: (mark) => {
        this.mark = mark;
        this.planDrawing();
      },
      onChange: () => this.planDrawing(),
    });
    return { history, section };
  }

  addReading(reading) {
    const server = this.servers.get(reading.server);
    for (const change of server?.history.add(reading, this.now) ?? []) {
      this.log(reading.server, change);
      this.announce(`${reading.server} ${change}`);
    }
  }

  // The drawing.

  draw() {
    const step = this.interval * 1000;
    const begin = this.now - this.span * 1000;
    if (this.mark !== null && this.mark < begin) this.mark = null;
    const frame = { begin, end: this.now, mark: this.mark, step, gap: 3 * step + 2000 };
    const servers = [...this.servers.values()];
    for (const { section } of servers) section.draw(frame);
    const titles = shortPaths(servers.map(({ history }) => history.path));
    this.overview.update(servers.map(({ history, section }, index) => ({
      title: titles[index], target: `#${section.element.id}`, subject: history,
      kind: history.hasStuckLoop ? "stuck" : history.state,
    })));
    this.drawSummary(servers.map(({ history }) => history));
  }

  drawSummary(histories) {
    const upCount = histories.filter(({ isUp }) => isUp).length;
    const waitingCount = histories.filter(({ state }) => state === "waiting").length;
    const stuckCount = histories.filter(({ hasStuckLoop }) => hasStuckLoop).length;
    const isWell = this.isConnected && upCount + waitingCount === histories.length && stuckCount === 0;
    document.body.dataset.connection = this.isConnected ? "live" : "lost";
    const up = upCount === histories.length && upCount > 1 ? `all ${upCount}` : `${upCount} of ${histories.length}`;
    const servers = `${up} ${histories.length === 1 ? "server" : "servers"} up`;
    const stuck = stuckCount > 0 ? `, ${stuckCount} stuck` : "";
    setAttribute(document.getElementById("summary"), "data-state", isWell ? "up" : "gone");
    setText(document.getElementById("summary-text"), this.isConnected ? servers + stuck : "No connection, trying again");
    document.title = isWell ? "gnet-metrics" : `(!) gnet-metrics`;
  }

  /** Adds a change to the list at the end of the page. */
  log(path, change) {
    const list = document.getElementById("log-list");
    document.getElementById("log").hidden = false;
    list.prepend(make("li", {}, make("time", {}, clock(this.now)), make("b", {}, path), ` ${change}`));
    while (list.childElementCount > CHANGE_LIMIT) list.lastElementChild.remove();
  }

  /** Has screen readers say a sentence. Only for changes that people should know of. */
  announce(sentence) {
    document.getElementById("announcer").textContent = sentence;
  }
}

const page = new Page();
