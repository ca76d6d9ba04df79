// The legend: what is drawn and how, each with a box to switch it off.

import { WALK_STYLES } from "./citymap.js";
import { el, svg } from "./dom.js";
import { countText, t } from "./words.js";

const VERDICTS = ["pass", "fail", "unknown"];

function dot(style, radius = 5) {
  const { fillColor, color, weight } = style;
  return svg("svg", { width: 18, height: 16, "aria-hidden": "true" },
    svg("circle", { cx: 9, cy: 8, r: Math.min(style.radius ?? radius, 7), fill: fillColor, stroke: color, "stroke-width": Math.min(weight, 2) }));
}

function line(style) {
  return svg("svg", { width: 18, height: 16, "aria-hidden": "true" },
    svg("line", { x1: 0, y1: 8, x2: 18, y2: 8, stroke: style.color, "stroke-width": Math.min(style.weight + 1, 4), "stroke-dasharray": style.dashArray }));
}

function area(colour, opacity, extra = {}) {
  return svg("svg", { width: 18, height: 16, "aria-hidden": "true" },
    svg("rect", { x: 1, y: 2, width: 16, height: 12, fill: colour, "fill-opacity": opacity, stroke: "#6d6d6d", ...extra }));
}

function centre(level) {
  return el("span", { class: `centre-key centre-${level}`, "aria-hidden": "true" });
}

export class Legend {
  constructor(body, start, map) {
    this.body = body;
    this.start = start;
    this.map = map;
    this.on = new Map(); // key of a layer -> whether it is shown
  }

  /** Draw the legend anew for a view; what was switched off stays off. */
  show(view, places, circleMinutes) {
    const styles = this.start.styles;
    const parts = [];
    if (places.residences.ids.length) parts.push(this.homes(view, styles));
    if (places.centres.ids.length) {
      parts.push(this.group(null, this.entry("centres", true, [centre("district"), centre("community")], t("page.layer_centres"))));
      parts.push(this.group(t("page.layer_circles"), ...circleMinutes.map((one, at) =>
        this.entry(`circles-${one}`, at === circleMinutes.length - 1, [area(styles.centre.district, 0.12, { rx: 6, stroke: styles.centre.district })],
          t("page.minutes_some", { minutes: one })))));
    }
    if (places.communities.ids.length) parts.push(this.classes(view, styles));
    if (places.facilities.ids.length) {
      const count = t("page.counted", { word: t("page.layer_facilities"), count: countText(places.facilities.ids.length) });
      parts.push(this.group(null, this.entry("facilities", false, [dot(styles.facility)], count)));
    }
    if (places.residences.ids.length || view.rates.length) {
      const walks = VERDICTS.map((verdict) => el("li", {}, line(WALK_STYLES[verdict]), t(`verdict.${verdict}`)));
      parts.push(this.group(t("page.layer_walks"), el("ul", { class: "swatches" }, walks)));
    }
    parts.push(this.group(null,
      this.entry("streets", true, [line(styles.street)], t("page.layer_streets")),
      this.entry("barriers", true, [line(styles.barrier.river), line(styles.barrier.railway)], t("page.layer_barriers"))));
    this.body.replaceChildren(...parts);
    for (const [key, wanted] of this.on) this.map.toggle(key, wanted);
  }

  homes(view, styles) {
    const what = view.decided_by === "all_five" ? t("page.what_all") : t("page.what_centre");
    const entries = VERDICTS.map((verdict) =>
      this.entry(verdict, true, [dot(styles.verdict[verdict])],
        t("page.counted", { word: t(`verdict.${verdict}`), count: countText(view.counts[verdict] ?? 0) })));
    return this.group(t("page.layer_residences", { what }), ...entries);
  }

  classes(view, styles) {
    const colours = styles.completeness;
    const steps = colours.length - 1;
    const part = (at) => Number(((view.categories * at) / steps).toFixed(2)).toString();
    const swatches = colours.map((colour, at) => el("li", {}, area(colour, styles.community_opacity),
      at === steps ? t("verdict.unknown") : t("map.completeness_class", { low: part(at), high: part(at + 1) })));
    return this.group(null, this.entry("communities", true, [], t("page.layer_communities")),
      this.entry("labels", true, [], t("page.layer_labels")), el("ul", { class: "swatches" }, swatches));
  }

  /** What the marks of a what-if mean. */
  changes() {
    const styles = this.start.styles.change;
    const marks = ["gain", "loss", "both"].map((kind) => el("li", {}, dot(styles[kind]), t(`compare.group.${kind}`)));
    return el("ul", { class: "swatches keys" }, marks);
  }

  group(title, ...entries) {
    return el("div", { class: "legend-group", role: "group", "aria-label": title }, title ? el("p", { class: "legend-title" }, title) : null, entries);
  }

  entry(key, first, swatches, label) {
    if (!this.on.has(key)) this.on.set(key, first);
    const box = el("input", {
      type: "checkbox",
      checked: this.on.get(key),
      "data-layer": key,
      onchange: (event) => {
        this.on.set(key, event.target.checked);
        this.map.toggle(key, event.target.checked);
      },
    });
    return el("label", { class: "legend-entry" }, box, swatches, el("span", {}, label));
  }

  /** Show the circles of one time and no others. */
  only(minutes, all) {
    for (const one of all) this.on.set(`circles-${one}`, one === minutes);
  }
}
