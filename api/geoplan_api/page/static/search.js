// Search by part of a name: a combobox with a list, moved through by arrow keys.

import { byId, el } from "./dom.js";
import { t } from "./words.js";

const MOST_SHOWN = 12;

/** Return everything that has a name, as {kind, id, name, about}. */
export function namesOf(places) {
  const rows = (kind, table, about) =>
    table.ids.map((id, at) => ({ kind, id, name: table.names[at], about: about(at), folded: table.names[at].toLowerCase() }));
  return [
    ...rows("community", places.communities, (at) => places.communities.ids[at]),
    ...rows("centre", places.centres, (at) => t(`report.level.${places.centres.levels[at]}`)),
    ...rows("residence", places.residences, (at) => places.residences.communities[at] ?? ""),
  ];
}

/** Return the names that hold what is written: those that begin with it first, then in their order. */
export function found(names, written) {
  const part = written.trim().toLowerCase();
  if (!part) return [];
  const begins = names.filter((one) => one.folded.startsWith(part));
  return [...begins, ...names.filter((one) => !one.folded.startsWith(part) && one.folded.includes(part))];
}

export class Search {
  constructor(names, onChosen) {
    this.names = names;
    this.onChosen = onChosen;
    this.input = byId("search");
    this.list = byId("search-list");
    this.status = byId("search-status");
    this.shown = [];
    this.at = -1;
    this.input.addEventListener("input", () => this.look());
    this.input.addEventListener("focus", () => this.look());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    // the list must not take the focus away before the click arrives
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
  }

  look() {
    const all = found(this.names, this.input.value);
    this.shown = all.slice(0, MOST_SHOWN);
    this.at = -1;
    this.list.replaceChildren(...this.shown.map((one, at) => this.option(one, at)));
    if (all.length > MOST_SHOWN) {
      const more = t("page.search_more", { count: all.length - MOST_SHOWN });
      this.list.append(el("li", { class: "more-names", role: "option", "aria-disabled": "true" }, more));
    }
    const written = this.input.value.trim();
    if (written && !all.length) {
      this.list.append(el("li", { class: "more-names", role: "option", "aria-disabled": "true" }, t("page.search_none")));
    }
    this.open(Boolean(written));
    this.status.textContent = !written ? "" : all.length ? t("page.search_count", { count: all.length }) : t("page.search_none");
  }

  option(one, at) {
    return el(
      "li",
      { role: "option", id: `found-${at}`, "aria-selected": "false", onclick: () => this.choose(at) },
      el("span", { class: "found-name" }, one.name),
      el("span", { class: "found-kind" }, `${t(`page.kind_${one.kind}`)} · ${one.about}`),
    );
  }

  open(wanted) {
    this.list.hidden = !wanted;
    this.input.setAttribute("aria-expanded", String(wanted));
    if (!wanted) this.input.removeAttribute("aria-activedescendant");
  }

  close() {
    this.open(false);
    this.at = -1;
  }

  key(event) {
    if (event.isComposing) return; // keys of an input method are not for the list
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.shown.length) {
      event.preventDefault();
      if (this.list.hidden) this.open(true);
      this.move((this.at + step + this.shown.length + (this.at < 0 && step < 0 ? 1 : 0)) % this.shown.length);
    } else if (event.key === "Enter" && !this.list.hidden && this.shown.length) {
      event.preventDefault();
      this.choose(Math.max(this.at, 0));
    } else if (event.key === "Escape") {
      if (!this.list.hidden) event.stopPropagation();
      this.close();
    }
  }

  move(at) {
    const options = this.list.querySelectorAll("[aria-selected]");
    options.forEach((one, place) => one.setAttribute("aria-selected", String(place === at)));
    options[at].scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", options[at].id);
    this.at = at;
  }

  choose(at) {
    const { kind, id, name } = this.shown[at];
    this.input.value = name;
    this.close();
    this.onChosen({ kind, id });
  }
}
