// The answer: an overview, the card of a place, of a community or a centre, or the result of a what-if.

import { el } from "./dom.js";
import { t } from "./words.js";

const SIGNS = { pass: "✓", fail: "✗", unknown: "?" };

export function verdictMark(verdict) {
  return el("span", { class: `verdict ${verdict}` }, el("span", { "aria-hidden": "true" }, SIGNS[verdict]), " ", t(`verdict.${verdict}`));
}

/** What every answer stands on: the pack, limits set by hand, the day of the data, warnings. */
export function footing(start, answer) {
  const pack = answer.standard;
  const lines = [t("page.pack", { name: pack.name, id: pack.id, digest: pack.digest.slice(0, 12) })];
  if (answer.minutes && answer.minutes !== "own") lines.push(t("page.minutes_note", { minutes: answer.minutes }));
  if (start.study.data_date) lines.push(t("page.data_date", { date: start.study.data_date }));
  return el("div", { class: "footing" },
    start.study.banners.map((banner) => el("p", { class: "banner" }, banner)),
    lines.map((one) => el("p", { class: "hint" }, one)));
}

function table(heads, rows) {
  return el("table", { class: "services" },
    el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, rows));
}

/** Who is reached under a view, as long as nothing is asked. */
export function overview(start, view, pack, minutes) {
  if (!view.rates.length) return [el("p", { class: "hint" }, t("page.none_known"))];
  const rows = view.rates.map((rate) =>
    el("li", {},
      el("span", { class: "rate-name" }, rate.name),
      el("span", { class: "rate-value" }, rate.rate_text),
      el("progress", { max: 1, value: rate.rate ?? 0, "aria-label": rate.name }),
      rate.unknown_text ? el("span", { class: "hint" }, t("page.unknown_share", { rate: rate.unknown_text })) : null));
  return [
    el("p", { class: "lead" }, t("page.overview_hint")),
    el("h3", {}, t("page.overview")),
    el("ul", { class: "rates" }, rows),
    footing(start, { standard: pack, minutes }),
  ];
}

export function placeTitle(card) {
  if (card.name !== null) return card.name;
  return t("page.clicked", { lon: card.at[0].toFixed(5), lat: card.at[1].toFixed(5) });
}

function placeSummary(card) {
  if (card.decided_by !== "all_five") return t("page.reached_centre");
  return t("page.reached", { reached: card.reached, asked: card.asked });
}

/** One sentence for those who listen. */
export function placeSentence(card) {
  const summary = card.services.length ? placeSummary(card) : t("page.none_known");
  return `${placeTitle(card)}: ${t(`verdict.${card.verdict}`)}, ${summary}`;
}

/** The card of a place. `actions` has onWalk(number of a walk), onTry(point). */
export function placeCard(start, card, actions) {
  if (!card.services.length) return [el("p", { class: "hint" }, t("page.none_known")), footing(start, card)];
  const about = [];
  if (card.community) about.push(t("page.community", { name: card.community }));
  if (card.outside) about.push(t("page.outside"));
  const people = ["households", "persons"].filter((one) => one in card.people);
  if (people.length) about.push(people.map((one) => t(`page.count_${one}`, { count: card.people[one] })).join(" · "));
  about.push(card.snap_text === null ? t("page.no_snap", { cap: card.max_snap_text }) : t("page.snap", { metres: card.snap_text }));
  const rows = card.services.map((one, at) => serviceRow(one, at, actions));
  return [
    el("p", { class: `headline ${card.verdict}` }, verdictMark(card.verdict), el("span", {}, placeSummary(card))),
    el("ul", { class: "about" }, about.map((one) => el("li", {}, one))),
    table([t("page.column_service"), t("page.column_walk"), t("page.column_verdict")], rows),
    el("div", { id: "causes", class: "causes" }),
    card.at && el("p", { class: "actions" },
      el("button", { type: "button", onclick: () => actions.onTry(card.at) }, t("page.add_here"))),
    clauses(card),
    footing(start, card),
  ];
}

function serviceRow(one, at, actions) {
  const number = el("button", {
    type: "button",
    class: `walk-number ${one.verdict}`,
    "aria-label": `${at + 1}: ${t("page.show_place")}`,
    disabled: one.walk === null,
    onclick: () => actions.onWalk(one.walk),
  }, String(at + 1));
  const metres = one.metres === null ? "" : ` · ${t("page.metres", { metres: Math.round(one.metres).toLocaleString("en-US") })}`;
  return el("tr", { "data-service": one.service },
    el("th", { scope: "row" }, number, el("span", { class: "service-name" }, one.name)),
    el("td", {},
      el("span", { class: "walk" }, t("page.walk_of", { minutes: one.minutes_text, limit: one.limit_text })),
      one.nearest === null ? null : el("span", { class: "nearest" }, one.nearest + metres)),
    el("td", {}, verdictMark(one.verdict)));
}

function clauses(card) {
  const rows = card.services.filter((one) => one.clause);
  if (!rows.length) return null;
  return el("details", {},
    el("summary", {}, t("page.clause")),
    el("ul", {}, rows.map((one) => el("li", {}, `${one.name}: ≤ ${one.limit_text} · ${one.clause}`))));
}

/** Why services do not pass: what reach says, and the cause once it is known (null: still looked for). */
export function causesList(card, causes) {
  const failing = card.services.filter((one) => one.verdict !== "pass");
  if (!failing.length) return [];
  const known = new Map((causes ?? []).map((one) => [one.service, one]));
  const rows = failing.map((one) => {
    const cause = known.get(one.service);
    const parts = [el("strong", {}, one.name), ` ${one.reason_text}`];
    if (cause) parts.push(el("br"), t("page.cause", { cause: cause.cause_text, reason: cause.reason_text }));
    if (cause?.obstacle) parts.push(" ", t("page.obstacle", { name: cause.obstacle, minutes: cause.minutes_text }));
    return el("li", { "data-cause": cause?.cause ?? null }, parts);
  });
  return [
    el("h3", {}, t("page.why")),
    el("ul", {}, rows),
    causes === null ? el("p", { class: "hint" }, t("page.looking_for_causes")) : null,
  ];
}

/** The card of a community or a centre: facts, and what else the caller puts below. */
export function factsCard(start, card, ...below) {
  return [
    el("table", { class: "facts" }, el("tbody", {}, card.facts.map(([label, value]) =>
      el("tr", {}, el("th", { scope: "row" }, label), el("td", {}, value))))),
    ...below,
    footing(start, card),
  ];
}
