// What if: centres added and closed, asked of the service, and who gains and who loses.

import { postJson } from "./api.js";
import { byId, el, say } from "./dom.js";
import { countText, minutesText, rateText, t } from "./words.js";

const MOST_HOMES = 40;

export class WhatIf {
  /** `onResult(edits, result, problem)`: result is null as long as there is none, edits are empty when it ends. */
  constructor(places, map, onResult) {
    this.places = places;
    this.map = map;
    this.onResult = onResult;
    this.edits = [];
    this.count = 0;
    this.adding = false;
    const options = places.centres.ids.map((id, at) =>
      el("option", { value: id }, `${places.centres.names[at]} · ${t(`report.level.${places.centres.levels[at]}`)}`));
    byId("close-centre").append(...options);
    byId("add-centre").addEventListener("click", () => this.setAdding(!this.adding));
    byId("close-it").addEventListener("click", () => this.close(byId("close-centre").value));
    byId("reset").addEventListener("click", () => this.end());
  }

  setAdding(wanted) {
    this.adding = wanted;
    byId("add-centre").setAttribute("aria-pressed", String(wanted));
    byId("map").classList.toggle("adding", wanted);
    say(byId("map-note"), wanted ? t("page.adding") : "");
  }

  add([lon, lat]) {
    this.setAdding(false);
    const taken = new Set(this.places.centres.ids);
    let id;
    do id = `new-${(this.count += 1)}`; while (taken.has(id));
    this.edits.push({ edit: "add_centre", id, at: [lon, lat], level: byId("new-level").value });
    this.changed();
  }

  close(id) {
    if (!id || this.edits.some((one) => one.edit === "close_centre" && one.id === id)) return;
    this.edits.push({ edit: "close_centre", id });
    this.changed();
  }

  end() {
    this.edits = [];
    this.changed();
  }

  name(edit) {
    if (edit.edit === "close_centre") {
      return t("page.edit_closed", { name: this.places.centres.names[this.places.centres.ids.indexOf(edit.id)] ?? edit.id });
    }
    return t("page.edit_added", { level: t(`report.level.${edit.level}`), number: edit.id.replace("new-", "") });
  }

  changed() {
    byId("edits").replaceChildren(...this.edits.map((edit) => el("li", {},
      el("span", {}, this.name(edit)),
      el("button", { type: "button", class: "small", "aria-label": t("page.remove", { edit: this.name(edit) }), onclick: () => this.remove(edit) }, "✕"))));
    byId("reset").hidden = !this.edits.length;
    this.ask();
  }

  remove(edit) {
    this.edits = this.edits.filter((one) => one !== edit);
    this.changed();
  }

  async ask() {
    this.asked?.abort();
    this.map.showWhatIf(this.edits, null);
    this.onResult(this.edits, null);
    if (!this.edits.length) return;
    this.asked = new AbortController();
    try {
      const body = { crs: "CRS84", edits: this.edits };
      const result = await postJson("v1/scenarios", { lang: document.documentElement.dataset.lang }, body, this.asked.signal);
      this.map.showWhatIf(this.edits, groupsOf(result.changes));
      this.onResult(this.edits, result);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.onResult(this.edits, null, t("page.failed", { detail: error.message }));
    }
  }
}

/** Return the homes that gain a service, lose one, or both. */
export function groupsOf(changes) {
  const gains = new Set(changes.filter((one) => one.change === "gain").map((one) => one.residence_id));
  const losses = new Set(changes.filter((one) => one.change === "loss").map((one) => one.residence_id));
  return {
    gain: [...gains].filter((id) => !losses.has(id)),
    loss: [...losses].filter((id) => !gains.has(id)),
    both: [...gains].filter((id) => losses.has(id)),
  };
}

/** The figures of a result in sentences, for those who listen. */
export function resultSentence(result, names) {
  const told = result.totals.filter((one) => one.persons_gained || one.persons_lost);
  if (!told.length) return t("compare.none");
  const parts = told.map((one) => t("page.what_if_total", {
    gained: countText(one.persons_gained), lost: countText(one.persons_lost), service: names(one.service),
  }));
  return parts.join("; ");
}

/** The card of a result. `keys` explain its marks, `onHome(id)` shows a home. */
export function resultCard(result, names, keys, onHome) {
  const services = result.totals.filter((one) => one.persons_gained || one.persons_lost || one.residences_gained || one.residences_lost);
  const rows = services.map((one) => el("tr", { "data-service": one.service },
    el("th", { scope: "row" }, names(one.service)),
    el("td", { class: "gain" }, countText(one.persons_gained)),
    el("td", { class: "loss" }, countText(one.persons_lost)),
    el("td", {}, `${rateText(one.coverage_rate_before)} → ${rateText(one.coverage_rate_after)}`)));
  const heads = [t("compare.service"), t("compare.gained"), t("compare.lost"), t("compare.rates")];
  const table = el("table", { class: "what-if-table" },
    el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, rows));
  return [rows.length ? table : el("p", {}, t("compare.none")), keys, ...homesOf(result, names, onHome)];
}

function homesOf(result, names, onHome) {
  const changed = result.changes.filter((one) => one.change === "gain" || one.change === "loss");
  const homes = new Map();
  for (const one of changed) homes.set(one.residence_id, [...(homes.get(one.residence_id) ?? []), one]);
  const rows = [...homes].slice(0, MOST_HOMES).map(([id, some]) => el("li", {},
    el("button", { type: "button", class: "link", onclick: () => onHome(id) }, some[0].name ?? id),
    some.map((one) => el("span", { class: `change ${one.change}` },
      `${names(one.service)} · ${t(`change.${one.change}`)} (${minutesText(one.minutes_before)} → ${minutesText(one.minutes_after)})`))));
  if (!rows.length) return [];
  const more = homes.size > MOST_HOMES ? el("p", { class: "hint" }, `… ${homes.size - MOST_HOMES}`) : null;
  return [el("h3", {}, t("page.what_if_homes", { count: homes.size })), el("ul", { class: "homes" }, rows), more];
}
