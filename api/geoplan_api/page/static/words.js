// Words for people: messages of the library's catalogue in the language of the page.

let known = {};

export function setWords(words) {
  known = words;
}

/** Return a message with its placeholders filled, in one go: a value with braces stays as it is. */
export function t(key, values = {}) {
  const template = known[key] ?? key;
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export function countText(number) {
  return number === null || number === undefined ? "—" : Math.round(number).toLocaleString("en-US");
}

/** Minutes rounded up to hundredths, by whole milliseconds: a walk over its limit never looks as if it met it. */
export function minutesText(minutes) {
  if (minutes === null || minutes === undefined) return "—";
  return (Math.ceil(Math.round(minutes * 60000) / 600) / 100).toFixed(2);
}

/** A share as a percentage; only all is 100 %, only none is 0 %. */
export function rateText(rate) {
  if (rate === null || rate === undefined) return "—";
  if (rate >= 0.9995 && rate < 1) return "> 99.9 %";
  if (rate > 0 && rate < 0.0005) return "< 0.1 %";
  return `${(100 * rate).toFixed(1)} %`;
}
