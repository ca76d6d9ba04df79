// What the page shows, kept behind the # of its address: a link leads back, and the server never sees it.

const KINDS = ["point", "residence", "community", "centre"];

/** standard: id; minutes: own, 5, 10 or 15; asked: what the card is about, null for the overview. */
export const state = { standard: "", minutes: "own", asked: null };

export function readAddress(standards, minutes) {
  const given = new URLSearchParams(location.hash.slice(1));
  const standard = given.get("standard");
  state.standard = standards.includes(standard) ? standard : standards[0];
  state.minutes = minutes.includes(given.get("minutes")) ? given.get("minutes") : minutes[0];
  state.asked = null;
  for (const kind of KINDS) {
    if (!given.has(kind)) continue;
    const value = given.get(kind);
    state.asked = kind === "point" ? readPoint(value) : { kind, id: value };
  }
}

export function writeAddress() {
  const told = new URLSearchParams();
  told.set("standard", state.standard);
  told.set("minutes", state.minutes);
  const asked = state.asked;
  if (asked) told.set(asked.kind, asked.kind === "point" ? `${asked.lon},${asked.lat}` : asked.id);
  history.replaceState(null, "", `#${told}`);
}

/** Return the point that somebody wrote as longitude and latitude, null if it is none. */
export function readPoint(written) {
  const parts = written.trim().split(/[\s,，;；]+/).filter(Boolean);
  if (parts.length !== 2) return null;
  const [lon, lat] = parts.map(Number);
  if (!(Math.abs(lon) <= 180 && Math.abs(lat) <= 90)) return null;
  return { kind: "point", lon, lat };
}
