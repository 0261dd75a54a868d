// Counts of filters, handlers and plugins, such as the handshakes of TLS.

/** The text of a count: its name and its labels. */
function countText({ name, labels }) {
  const words = Object.entries(labels).map(([label, value]) => `${label} ${value}`);
  return [name.replaceAll("_", " "), ...words].join(", ");
}

/** The counts of a loop by their texts: each has its `name`, its `value`, and its `rate` per second. */
function namedCounts(now, before, seconds) {
  const earlier = new Map(before.map((count) => [countText(count), count.value]));
  return new Map(now.map((count) => {
    const key = countText(count);
    // A count begins at 0, and is not in snapshots before it has grown.
    const growth = increase(count.value, earlier.get(key) ?? 0);
    return [key, { name: count.name, value: count.value, rate: seconds > 0 ? growth / seconds : 0 }];
  }));
}

/** The sums of the counts of two loops. */
function addNamedCounts(left, right) {
  const sum = new Map(left);
  for (const [text, { name, value, rate }] of right) {
    const other = sum.get(text) ?? { value: 0, rate: 0 };
    sum.set(text, { name, value: value + other.value, rate: rate + other.rate });
  }
  return sum;
}

/** The rate of all counts with a name together, whatever their labels. */
function namedRate(work, name) {
  return [...work.named.values()].reduce((sum, count) => sum + (count.name === name ? count.rate : 0), 0);
}
