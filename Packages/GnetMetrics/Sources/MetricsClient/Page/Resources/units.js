"use strict";

// Quantities as people read them: three significant digits and a unit, in two parts so that a column aligns both.

function digits(value) {
  return value === 0 ? "0" : value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

function scaled(value, step, units, areWhole) {
  let index = 0;
  // A value that rounds up to the next unit is written in that unit.
  while (index < units.length - 1 && value >= step - 0.5) {
    value /= step;
    index += 1;
  }
  return { digits: index === 0 && areWhole ? String(Math.round(value)) : digits(value), unit: units[index] };
}

const COUNT_UNITS = ["", "k", "M", "G", "T", "P"];
const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Whole numbers of things. */
function count(value) {
  return scaled(value, 1000, COUNT_UNITS, true);
}

/** Things per second. */
function rate(value) {
  return scaled(value, 1000, COUNT_UNITS, false);
}

/** Bytes, or bytes per second. */
function bytes(value) {
  return scaled(value, 1024, BYTE_UNITS, true);
}

/** A part of a whole, 0 to 1. */
function share(value) {
  return { digits: digits(value * 100), unit: "%" };
}

/** A time in nanoseconds, below a minute. */
function nanoseconds(value) {
  return scaled(value, 1000, ["ns", "µs", "ms", "s"], true);
}

/** The text of a quantity. */
function text(quantity) {
  return quantity.unit === "" ? quantity.digits : `${quantity.digits}\u00a0${quantity.unit}`;
}

/** The text of a quantity that is round: 10 k, not 10.0 k. */
function roundText(quantity) {
  const { digits, unit } = quantity;
  return text({ digits: digits.includes(".") ? String(Number(digits)) : digits, unit });
}

/** A length of time in seconds: 12 s, 5 min 3 s, 2 h 5 min, 3 d 4 h. */
function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [large, small, unit, smallUnit] =
    whole < 3600 ? [Math.floor(whole / 60), whole % 60, "min", "s"]
    : whole < 86400 ? [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, "h", "min"]
    : [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, "d", "h"];
  return large === 0 ? `${small} ${smallUnit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/** The time of day of a moment in milliseconds. */
function clock(time) {
  return new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}

/** The paths without the folders that they have in common. */
function shortPaths(paths) {
  const [first, ...others] = paths.map((path) => path.split("/"));
  const differing = first.findIndex((part, index) => others.some((parts) => parts[index] !== part));
  const length = Math.min(differing < 0 ? Infinity : differing, ...paths.map((path) => path.split("/").length - 1));
  return paths.map((path) => path.split("/").slice(length).join("/"));
}

/** The least round number that is not below `value`: 1, 2 or 5 times a power of ten. */
function roundCount(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 10)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= value);
}

/** The least round number of bytes that is not below `value`: a power of two. */
function roundBytes(value) {
  return 2 ** Math.ceil(Math.log2(Math.max(value, 1024)));
}
