// Checks of the functions of the page of `gnet-metrics serve`, evaluated in that page. The value is a list of failures.
(() => {
  const failures = [];
  const expect = (what, value, expected) => {
    const [left, right] = [value, expected].map((side) => JSON.stringify(side));
    if (left !== right) failures.push(`${what}: ${left}, not ${right}`);
  };
  const near = (what, value, expected) => {
    if (Math.abs(value - expected) > 1e-6 * Math.abs(expected)) failures.push(`${what}: ${value}, not ${expected}`);
  };

  // Quantities.
  const written = [
    [count(0), "0"], [count(7), "7"], [count(999.6), "1.00 k"], [count(1234), "1.23 k"], [rate(0.5), "0.50"],
    [rate(99.96), "100"], [rate(2.5e6), "2.50 M"], [bytes(512), "512 B"], [bytes(1023.6), "1.00 KiB"],
    [bytes(10 * 2 ** 20), "10.0 MiB"], [share(0.1234), "12.3 %"], [share(1), "100 %"], [nanoseconds(50000), "50.0 µs"],
  ];
  for (const [quantity, expected] of written) expect("a quantity", text(quantity).replace("\u00a0", " "), expected);
  expect("a round size", roundText(bytes(65536)), "64\u00a0KiB");
  expect("a round time", roundText(nanoseconds(2.5e6)), "2.5\u00a0ms");
  for (const [seconds, expected] of [[59.9, "59 s"], [303, "5 min 3 s"], [7500, "2 h 5 min"], [273600, "3 d 4 h"]]) {
    expect("a duration", duration(seconds), expected);
  }
  expect("ends of scales", [roundCount(0), roundCount(21), roundCount(50), roundBytes(1025)], [10, 50, 50, 2048]);
  expect("short paths", shortPaths(["/run/a/x.sock", "/run/b/x.sock"]), ["a/x.sock", "b/x.sock"]);
  expect("a single short path", shortPaths(["/run/a.sock"]), ["a.sock"]);
  expect("paths of which one is the other's folder", shortPaths(["/run/a", "/run/a/b"]), ["a", "a/b"]);
  const bounds = [16, 64];
  expect("no quantile", quantileBound(bounds, [0, 0, 0], 0.5), null);
  expect("quantiles", [0.5, 0.9].map((part) => quantileBound(bounds, [5, 4, 1], part)), [16, 64]);
  expect("a quantile behind the last bound", quantileBound(bounds, [5, 4, 1], 0.99) === Infinity, true);

  // Snapshots: two loops, of which each has read ten times a second, and been busy for a quarter of the time.
  const snapshot = (seconds, { run = 1, stuckSince = Infinity, stuckSeconds = 0, state = "serving" } = {}) => ({
    process_id: run, server_start_time: run, snapshot_time: seconds * 1e9, state,
    loops: [0, 1].map((index) => {
      const published = index === 1 ? Math.min(seconds, stuckSince) : seconds;
      const loop = { loop_index: index, published_time: published * 1e9, turn_age_nanoseconds: index * stuckSeconds * 1e9 };
      for (const [place, name] of GAUGES.entries()) loop[name] = place + 3;
      for (const name of COUNTERS) loop[name] = name === "reads" ? published * 10 : 0;
      loop.busy_nanoseconds = published * 0.25e9;
      loop.waiting_nanoseconds = published * 0.75e9;
      for (const name of HISTOGRAMS) loop[name] = { upper_bounds: bounds, counts: [published, 0, 2 * published], sum: 0 };
      // A count of both loops, and one that begins at 102 s.
      loop.named_counts = [{ name: "tls_handshakes", labels: { side: "server", version: "1.3" }, value: 5 * seconds }];
      if (seconds > 101) loop.named_counts.push({ name: "logins", labels: {}, value: index * 4 });
      return loop;
    }),
  });
  const history = new ServerHistory("/run/a.sock");
  expect("the first reading", history.add(snapshot(100), 100e3), []);
  expect("there are no rates yet", history.samples.at(-1).total, null);
  expect("the second reading", history.add(snapshot(102), 102e3), []);
  near("reads", history.total.reads, 20);
  near("busy", history.total.busy, 0.25);
  expect("sums of counters", [failedArrivals, unsentDatagrams].map((sum) => sum({ ...noWork(), accept_errors: 1,
    filter_failures: 2, datagrams_too_long: 3, datagrams_dropped: 4 })), [3, 7]);
  expect("sums of gauges", GAUGES.map((name) => history.total[name]), [6, 8, 10]);
  const version = "tls handshakes, side server, version 1.3";
  expect("counts", [...history.total.named.keys()], [version, "logins"]);
  expect("a count of both loops", history.total.named.get(version), { name: "tls_handshakes", value: 1020, rate: 10 });
  expect("a count that begins", history.total.named.get("logins"), { name: "logins", value: 4, rate: 2 });
  expect("rates by name", ["tls_handshakes", "logins", "none"].map((name) => namedRate(history.total, name)), [10, 2, 0]);
  expect("sums of histograms", history.total.write_size_histogram, [4, 0, 8]);

  // A loop that publishes seldom keeps its rate; if it is stuck, the rate is 0, and somebody is told.
  expect("a late publication", history.add(snapshot(104, { stuckSince: 102 }), 104e3), []);
  near("the rate of the loop before", history.loops[1].reads, 10);
  expect("its values count once", history.loops[1].write_size_histogram, []);
  const stuck = { stuckSince: 102, stuckSeconds: 6 };
  expect("a stuck loop", history.add(snapshot(108, stuck), 108e3), ["loop 1 is stuck in a callback"]);
  expect("its rate", [history.loops[1].reads, history.loops[1].stuckSeconds, history.word], [0, 6, "stuck"]);
  expect("the loop goes on", history.add(snapshot(110), 110e3), ["loop 1 goes on"]);

  // A server that goes, comes back, and is started again.
  expect("the departure", history.add({ error: "there is no such socket" }, 112e3), ["has gone: there is no such socket"]);
  expect("the departure is told once", history.add({ error: "there is no such socket" }, 114e3), []);
  expect("the return", history.add(snapshot(1, { run: 2 }), 172e3), ["is back after 1 min 0 s"]);
  expect("another run has no rates from the one before", history.samples.at(-1).total, null);
  expect("another run at once", history.add(snapshot(1, { run: 3 }), 174e3), ["was started again, as process 3"]);
  expect("lines without a part", contiguous(history.workSince(0, null), 5e3).map((run) => run.length), [4]);
  expect("the work of a loop", history.workSince(102e3, 1)[0].work.connections_active, 3);

  // A server that drains, and an older server whose loop is silent.
  const draining = history.add(snapshot(2, { run: 3, state: "draining" }), 176e3);
  expect("draining", [draining, history.word], [["accepts no more connections and lets the open ones finish"], "draining"]);
  expect("it is told once", history.add(snapshot(3, { run: 3, state: "draining" }), 177e3), []);
  const old = new ServerHistory("/run/old.sock");
  old.add(snapshot(100, { state: null, stuckSince: 100 }), 100e3);
  expect("a state that is not told", old.word, "up");
  expect("silence", old.add(snapshot(106, { state: null, stuckSince: 100 }), 106e3), ["loop 1 is stuck in a callback"]);

  // The charts forget what is older than their longest time.
  history.add(snapshot(4, { run: 3 }), 2000e3);
  expect("old samples", history.samples.length, 1);
  return failures;
})()
