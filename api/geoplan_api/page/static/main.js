// The page: reads the study, then shows what is asked for. Answers that come too late are dropped.

import { getJson } from "./api.js";
import { causesList, factsCard, footing, overview, placeCard, placeSentence, placeTitle } from "./card.js";
import { CityMap } from "./citymap.js";
import { byId, el, say } from "./dom.js";
import { Legend } from "./legend.js";
import { Printing } from "./printing.js";
import { Search, namesOf } from "./search.js";
import { readAddress, readPoint, state, writeAddress } from "./state.js";
import { WhatIf, resultCard, resultSentence } from "./whatif.js";
import { setWords, t } from "./words.js";

const lang = document.documentElement.dataset.lang;

class Page {
  constructor(start, places) {
    this.start = start;
    this.places = places;
    this.map = new CityMap(byId("map"), start, (meant, byKey) => this.clicked(meant, byKey));
    this.legend = new Legend(byId("legend"), start, this.map);
    this.map.drawPlaces(places);
    this.search = new Search(namesOf(places), (found) => this.ask(found, true));
    this.whatIf = new WhatIf(places, this.map, (edits, result) => this.compared(edits, result));
    new Printing(this.map, () => this.packLine());
    byId("standard").value = state.standard;
    for (const one of this.minuteBoxes()) {
      one.checked = one.value === state.minutes;
      one.addEventListener("change", () => this.setRules({ minutes: one.value }));
    }
    byId("standard").addEventListener("change", (event) => this.setRules({ standard: event.target.value }));
    byId("whole").addEventListener("click", () => this.map.showWhole());
    byId("coordinates-form").addEventListener("submit", (event) => this.coordinates(event));
    byId("language").addEventListener("click", (event) => {
      event.preventDefault();
      location.assign(`${event.currentTarget.getAttribute("href")}${location.hash}`);
    });
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.escape());
  }

  minuteBoxes() {
    return document.querySelectorAll("input[name=minutes]");
  }

  rules() {
    return { standard: state.standard, minutes: state.minutes, lang };
  }

  packLine() {
    const pack = this.start.standards.find((one) => one.id === state.standard);
    const line = t("page.pack", { name: pack.name, id: pack.id, digest: pack.digest.slice(0, 12) });
    return state.minutes === "own" ? line : `${line} · ${t("page.minutes_note", { minutes: state.minutes })}`;
  }

  /** Draw what the rules change: verdicts, circles, the legend, and the answer again. */
  async redraw() {
    writeAddress();
    const drawing = (this.drawing = Symbol("drawing"));
    document.body.setAttribute("aria-busy", "true");
    try {
      const [view, circles] = await Promise.all([
        getJson("page/data/view", this.rules()),
        getJson("page/data/circles", { standard: state.standard }),
      ]);
      if (this.drawing !== drawing) return; // other rules were chosen meanwhile
      this.view = view;
      this.map.paint(view);
      const minutes = this.start.circle_minutes;
      this.map.drawCircles(circles, minutes);
      if (state.minutes !== "own") this.legend.only(Number(state.minutes), minutes);
      this.legend.show(view, this.places, minutes);
      await this.answer();
    } finally {
      if (this.drawing === drawing) document.body.removeAttribute("aria-busy");
    }
  }

  setRules(rules) {
    Object.assign(state, rules);
    this.redraw().catch((error) => this.failed(error));
  }

  clicked(meant, byKey) {
    if (this.whatIf.adding) {
      const home = meant.kind === "point" ? null : this.placeOf(meant);
      this.whatIf.add(home ?? [meant.lon, meant.lat]);
    } else this.ask(meant, byKey);
  }

  placeOf({ kind, id }) {
    const table = { residence: this.places.residences, centre: this.places.centres }[kind];
    return table.at[table.ids.indexOf(id)];
  }

  /** Ask for something; with the keyboard, the answer gets the focus. */
  ask(asked, byKey = false) {
    state.asked = asked;
    writeAddress();
    this.answer(byKey).catch((error) => this.failed(error));
  }

  coordinates(event) {
    event.preventDefault();
    const point = readPoint(byId("coordinates").value);
    const [south, west] = this.start.bounds?.[0] ?? [36.1, 103.7];
    say(byId("coordinates-problem"), point ? "" : t("page.coordinates_wrong", { example: `${west.toFixed(4)}, ${south.toFixed(4)}` }));
    byId("coordinates").setAttribute("aria-invalid", String(!point));
    if (point) this.ask(point, true);
  }

  escape() {
    if (this.whatIf.adding) this.whatIf.setAdding(false);
    else if (state.asked) this.ask(null);
  }

  /** Fill the answer for what is asked now; an answer overtaken by a later question is dropped. */
  async answer(focus = false) {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    try {
      const [card, query] = (await this.answerTo(state.asked, asking.signal)) ?? [];
      if (focus) byId("answer").focus();
      if (card) await this.explain(card, query, asking.signal);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  /** Return card and query of a place, whose causes are still to be told. */
  async answerTo(asked, signal) {
    if (!asked) {
      this.map.clearAnswer();
      if (this.compare) {
        const title = t("page.what_if_result");
        const { result } = this.compare;
        this.fill(title, this.comparison(this.compare), result ? resultSentence(result, (one) => this.serviceName(one)) : "");
        return null;
      }
      const pack = this.start.standards.find((one) => one.id === state.standard);
      this.fill(t("page.answer"), overview(this.start, this.view, pack, state.minutes), "");
    } else if (asked.kind === "community" || asked.kind === "centre") {
      const card = await getJson(`page/data/${asked.kind}`, { ...this.rules(), id: asked.id }, signal);
      this.noteAge(card);
      if (asked.kind === "community") this.map.showCommunity(asked.id, this.places);
      else if (card.at) this.map.showPoint(card.at);
      const close = el("p", { class: "actions" }, el("button", { type: "button", onclick: () => this.whatIf.close(card.id) }, t("page.close_it")));
      this.fill(card.name, factsCard(this.start, card, asked.kind === "centre" ? close : null), card.name, true);
    } else {
      const place = asked.kind === "point" ? { lon: asked.lon, lat: asked.lat } : { residence: asked.id };
      const query = { ...this.rules(), ...place };
      const card = await getJson("page/data/card", query, signal);
      this.noteAge(card);
      if (card.at) this.map.showCard(card);
      const actions = { onWalk: (walk) => this.map.highlight(walk), onTry: (at) => this.whatIf.add(at) };
      this.fill(placeTitle(card), placeCard(this.start, card, actions), placeSentence(card), true);
      return [card, query];
    }
    return null;
  }

  async explain(card, query, signal) {
    const box = byId("causes");
    if (!box || card.services.every((one) => one.verdict === "pass")) return;
    box.replaceChildren(...causesList(card, null).filter(Boolean));
    try {
      const { causes } = await getJson("page/data/causes", query, signal);
      box.replaceChildren(...causesList(card, causes).filter(Boolean));
    } catch (error) {
      if (error.name === "AbortError") throw error;
      const problem = el("p", { class: "problem", role: "alert" }, t("page.failed", { detail: error.message }));
      box.replaceChildren(...causesList(card, []).filter(Boolean), problem);
    }
  }

  /** Answers of a newer study do not fit what is drawn of the older one. */
  noteAge(answer) {
    if (answer.generation !== this.start.generation) say(byId("map-note"), t("page.renewed"));
  }

  fill(title, body, sentence, closes = false) {
    byId("answer-title").textContent = title;
    const close = el("button", { type: "button", class: "close", "aria-label": t("page.close"), onclick: () => this.ask(null, true) }, "✕");
    byId("answer-body").replaceChildren(...(closes ? [close] : []), ...body.filter(Boolean));
    byId("answer-status").textContent = sentence;
    if (closes && matchMedia("(max-width: 800px)").matches) byId("answer").scrollIntoView({ block: "nearest" });
  }

  /** A what-if began, was answered (`result`) or ended (no edits): its result is what shows while nothing is asked. */
  compared(edits, result, problem = "") {
    this.compare = edits.length ? { edits, result, problem } : null;
    this.ask(null);
  }

  serviceName(service) {
    if (service === "all_five") return t("page.what_all");
    return this.view.rates.find((one) => one.service === service)?.name ?? service;
  }

  comparison({ edits, result, problem }) {
    if (problem) return [el("p", { class: "problem", role: "alert" }, problem)];
    if (!result) return [el("p", { class: "hint" }, t("page.comparing"))];
    const names = (service) => this.serviceName(service);
    return [
      el("ul", { class: "about" }, edits.map((edit) => el("li", {}, this.whatIf.name(edit)))),
      ...resultCard(result, names, this.legend.changes(), (id) => this.ask({ kind: "residence", id }, true)),
      el("p", { class: "hint" }, t("page.what_if_rules")),
      footing(this.start, { standard: this.start.standards[0] }),
    ];
  }

  failed(error) {
    const message = t("page.failed", { detail: error.message });
    this.fill(t("page.answer"), [el("p", { class: "problem", role: "alert" }, message)], "", true);
  }
}

async function begin() {
  const start = await getJson("page/data/start", { lang });
  setWords(start.words);
  readAddress(start.standards.map((one) => one.id), ["own", "5", "10", "15"]);
  const places = await getJson("page/data/places");
  const page = new Page(start, places);
  const ground = getJson("page/data/ground").then((found) => page.map.drawGround(found));
  await Promise.all([ground, page.redraw()]);
  page.legend.show(page.view, places, start.circle_minutes);
  document.body.dataset.ready = "yes";
}

begin().catch((error) => {
  byId("answer-body").replaceChildren(el("p", { class: "problem", role: "alert" }, error.message));
});
