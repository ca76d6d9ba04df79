// The map: ground, places, verdicts, circles, the walks of a card. Leaflet draws; a click is worked out here.

import { el } from "./dom.js";
import { t } from "./words.js";

const L = window.L;
const HOME_PX = 10; // how near to a home or a centre a click means it
const CENTRE_PX = 14;
const CLOSEST = 16.5; // zoom beyond which nothing is brought into view
const FAR_OFF = 1.5; // zoom levels by which what is looked at may be small
const HOMES_FULL_FROM = 14; // zoom from which homes are drawn in full size
const LABELS_FROM = 13.5;
const SVG_UP_TO = 6000; // with more homes the browser paints on a canvas
export const WALK_STYLES = {
  pass: { color: "#00588c", weight: 4, opacity: 0.9 },
  fail: { color: "#a84300", weight: 4, opacity: 0.9, dashArray: "9 6" },
  unknown: { color: "#595959", weight: 3, opacity: 0.9, dashArray: "2 6" },
};
const CASING = { color: "#ffffff", weight: 8, opacity: 0.85 };
const PANES = { ground: 210, areas: 220, circles: 230, facilities: 405, homes: 410, changes: 415, walks: 420 };

const turned = ([lon, lat]) => [lat, lon];

export class CityMap {
  constructor(element, start, onAsk) {
    this.styles = start.styles;
    this.onAsk = onAsk;
    this.lively = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map = L.map(element, {
      zoomControl: false, attributionControl: false, zoomSnap: 0.5, wheelPxPerZoomLevel: 90,
      zoomAnimation: this.lively, fadeAnimation: this.lively, inertia: this.lively,
    });
    L.control.zoom({ zoomInTitle: t("page.zoom_in"), zoomOutTitle: t("page.zoom_out") }).addTo(this.map);
    L.control.scale({ imperial: false, maxWidth: 140 }).addTo(this.map);
    for (const [name, height] of Object.entries(PANES)) this.map.createPane(name).style.zIndex = height;
    this.layers = {}; // key of the legend -> layer
    this.bounds = start.bounds;
    if (this.bounds) this.map.fitBounds(this.bounds);
    else this.map.setView([0, 0], 2);
    this.map.on("click", (event) => this.onAsk(this.meant(event.containerPoint, event.latlng)));
    this.map.on("mousemove", (event) => this.pointAt(event.containerPoint));
    this.map.on("mouseout", () => this.tip.remove());
    this.tip = L.tooltip({ direction: "top", offset: [0, -8], opacity: 1 });
    element.append(el("span", { class: "crosshair", "aria-hidden": "true" }));
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== element) return;
      event.preventDefault();
      const middle = this.map.getSize().divideBy(2);
      this.onAsk(this.meant(middle, this.map.containerPointToLatLng(middle)), true);
    });
    new ResizeObserver(() => this.map.invalidateSize({ pan: false, animate: false })).observe(element);
  }

  /** Everything in a pane is drawn by one renderer; nothing in it catches the mouse. */
  inPane(pane) {
    this.renderers ??= {};
    const make = this.manyHomes ? L.canvas : L.svg;
    this.renderers[pane] ??= make({ pane, padding: 0.4 });
    return { pane, renderer: this.renderers[pane], interactive: false };
  }

  /** Return the row nearest to a pixel, null if none is so near. */
  nearest(rows, pixel, most) {
    const box = this.map.getBounds().pad(0.05);
    let best = null;
    let least = most;
    for (const row of rows ?? []) {
      if (!box.contains(row.at)) continue;
      const distance = this.map.latLngToContainerPoint(row.at).distanceTo(pixel);
      if (distance <= least) [best, least] = [row, distance];
    }
    return best;
  }

  centreAt(pixel) {
    return this.shows("centres") ? this.nearest(this.centres, pixel, CENTRE_PX) : null;
  }

  homeAt(pixel) {
    return this.nearest(this.homes?.filter((row) => this.shows(row.verdict)), pixel, HOME_PX);
  }

  /** Return what a click means: a centre, else a home, else the point itself. */
  meant(pixel, latlng) {
    const centre = this.centreAt(pixel);
    if (centre) return { kind: "centre", id: centre.id };
    const home = this.homeAt(pixel);
    if (home) return { kind: "residence", id: home.id };
    const { lat, lng } = latlng.wrap();
    return { kind: "point", lon: Number(lng.toFixed(6)), lat: Number(lat.toFixed(6)) };
  }

  /** Name what the mouse is over; among very many homes that would be slow. */
  pointAt(pixel) {
    if (this.manyHomes) return;
    const asked = this.centreAt(pixel) ?? this.homeAt(pixel);
    this.map.getContainer().classList.toggle("over", Boolean(asked));
    const row = asked ?? (this.shows("facilities") ? this.nearest(this.facilities, pixel, HOME_PX) : null);
    if (row) this.tip.setLatLng(row.at).setContent(el("span", {}, row.name)).addTo(this.map);
    else this.tip.remove();
  }

  shows(key) {
    return Boolean(this.layers[key] && this.map.hasLayer(this.layers[key]));
  }

  toggle(key, wanted) {
    const layer = this.layers[key];
    if (!layer) return;
    if (wanted) layer.addTo(this.map);
    else layer.remove();
  }

  drawPlaces(places) {
    this.manyHomes = places.residences.ids.length > SVG_UP_TO;
    const communities = L.geoJSON(places.communities.features ?? [], { ...this.inPane("areas") });
    this.communities = communities.getLayers();
    this.layers.communities = communities.addTo(this.map);
    const labels = places.communities.at.map((at, row) => {
      const icon = L.divIcon({ className: "label", html: el("span", {}, places.communities.names[row]), iconSize: null });
      return L.marker(turned(at), { icon, interactive: false, keyboard: false, zIndexOffset: -1000 });
    });
    this.layers.labels = L.layerGroup(labels).addTo(this.map);
    const rows = (table, make) =>
      table.ids.map((id, at) => ({ id, name: table.names[at], at: L.latLng(turned(table.at[at])), ...make(at) }));
    this.homes = rows(places.residences, (at) => ({ mark: this.dot(places.residences.at[at], "homes") }));
    this.map.on("zoomend", () => this.zoomed());
    this.zoomed();
    for (const verdict of ["unknown", "pass", "fail"]) this.layers[verdict] = L.layerGroup().addTo(this.map);
    this.centres = rows(places.centres, (at) => ({ level: places.centres.levels[at] }));
    this.layers.centres = L.layerGroup(this.centres.map((one) => this.centreMark(one, ""))).addTo(this.map);
    this.facilities = rows(places.facilities, () => ({}));
    const dots = places.facilities.at.map((at) => this.dot(at, "facilities", this.styles.facility));
    this.layers.facilities = L.layerGroup(dots);
  }

  dot(at, pane, style = {}) {
    return L.circleMarker(turned(at), { radius: 4.5, ...style, ...this.inPane(pane) });
  }

  zoomed() {
    this.map.getContainer().classList.toggle("far", this.map.getZoom() < LABELS_FROM);
    const radius = Math.max(2.5, Math.min(5, 5 - (HOMES_FULL_FROM - this.map.getZoom()) * 1.25));
    if (radius === this.homeRadius) return;
    this.homeRadius = radius;
    for (const home of this.homes) home.mark.setRadius(radius);
    for (const mark of this.changed ?? []) mark.setRadius(this.changeRadius(mark.kind));
  }

  changeRadius(kind) {
    return Math.max(3.5, (this.styles.change[kind].radius * this.homeRadius) / 5);
  }

  centreMark(one, extra) {
    const icon = L.divIcon({ className: `centre centre-${one.level} ${extra}`, iconSize: one.level === "district" ? [17, 17] : [13, 13] });
    return L.marker(one.at, { icon, interactive: false, keyboard: false });
  }

  drawGround(ground) {
    const streets = L.geoJSON(ground.streets, { style: this.styles.street, ...this.inPane("ground") });
    this.layers.streets = streets.addTo(this.map);
    const group = L.layerGroup();
    for (const [kind, features] of Object.entries(ground.barriers)) {
      L.geoJSON(features, { style: this.styles.barrier[kind], ...this.inPane("ground") }).addTo(group);
    }
    this.layers.barriers = group.addTo(this.map);
    streets.bringToFront();
  }

  /** Colour homes and communities by the verdicts of a view. */
  paint(view) {
    const words = { p: "pass", f: "fail", u: "unknown" };
    for (const verdict of Object.values(words)) this.layers[verdict].clearLayers();
    this.homes.forEach((home, at) => {
      home.verdict = words[view.residences[at]] ?? "unknown";
      home.mark.setStyle(this.styles.verdict[home.verdict]);
      this.layers[home.verdict].addLayer(home.mark);
    });
    const colours = this.styles.completeness;
    for (const layer of this.communities) {
      const which = view.communities[layer.feature.id];
      const fillColor = colours[which < 0 || which === undefined ? colours.length - 1 : which];
      layer.setStyle({ color: "#6d6d6d", weight: 1, fillColor, fillOpacity: this.styles.community_opacity });
    }
  }

  /** Draw service circles, a layer for each time; the layers keep whether they are shown. */
  drawCircles(features, minutes) {
    for (const one of minutes) {
      const key = `circles-${one}`;
      const shown = this.shows(key);
      this.layers[key]?.remove();
      const style = ({ properties }) => {
        const color = this.styles.centre[properties.level];
        return { color, weight: 1.4, opacity: 0.8, fillColor: color, fillOpacity: 0.06 };
      };
      const some = features.filter((feature) => feature.properties.minutes === one);
      this.layers[key] = L.geoJSON(some, { style, ...this.inPane("circles") });
      if (shown) this.layers[key].addTo(this.map);
    }
  }

  clearAnswer() {
    this.layers.walks?.remove();
    delete this.layers.walks;
    this.lines = [];
  }

  /** Show where the card is about, and its walks with the numbers of its rows. */
  showCard(card) {
    this.clearAnswer();
    const group = L.featureGroup();
    this.lines = [];
    for (const feature of card.walks ?? []) {
      const rows = card.services.map((one, at) => ({ ...one, number: at + 1 })).filter((one) => one.walk === feature.id);
      if (!rows.length) continue;
      const way = feature.geometry.coordinates.map(turned);
      L.polyline(way, { ...CASING, ...this.inPane("walks") }).addTo(group);
      const line = L.polyline(way, { ...WALK_STYLES[rows[0].verdict], ...this.inPane("walks") }).addTo(group);
      this.lines.push({ walk: feature.id, line });
      const numbers = rows.map((row) => row.number).join("·");
      const icon = L.divIcon({ className: `walk-end ${rows[0].verdict}`, html: el("span", {}, numbers), iconSize: null });
      L.marker(way[way.length - 1], { icon, interactive: false, keyboard: false, zIndexOffset: 500 }).addTo(group);
    }
    const here = L.divIcon({ className: "here", iconSize: [22, 22] });
    L.marker(turned(card.at), { icon: here, interactive: false, keyboard: false, zIndexOffset: 900 }).addTo(group);
    this.layers.walks = group.addTo(this.map);
    this.lookAt(group.getBounds());
  }

  /** Bring a box into view, unless it is seen whole and large enough already. */
  lookAt(box) {
    const fit = Math.min(this.map.getBoundsZoom(box.pad(0.08)), CLOSEST);
    if (this.map.getBounds().contains(box) && this.map.getZoom() > fit - FAR_OFF) return;
    this.map.setView(box.getCenter(), fit, { animate: this.lively });
  }

  /** Show one walk whole and broad; without a number, none. */
  highlight(walk) {
    for (const one of this.lines ?? []) {
      one.line.setStyle({ weight: one.walk === walk ? 7 : 4 });
      if (one.walk === walk) {
        one.line.bringToFront();
        this.lookAt(one.line.getBounds());
      }
    }
  }

  showCommunity(id, places) {
    const at = places.communities.ids.indexOf(id);
    const layer = this.communities.find((one) => one.feature.id === at);
    if (!layer) return;
    this.clearAnswer();
    const outline = L.geoJSON(layer.feature, { style: { color: "#1d1d1b", weight: 4, fill: false }, ...this.inPane("walks") });
    this.layers.walks = L.featureGroup([outline]).addTo(this.map);
    this.lookAt(outline.getBounds());
  }

  showPoint(at) {
    this.showCard({ at, walks: [], services: [] });
  }

  showWhole() {
    if (this.bounds) this.map.fitBounds(this.bounds);
  }

  /** Mark the edits of a what-if, and the homes it changes; nothing ends it. */
  showWhatIf(edits, groups) {
    this.layers.whatIf?.remove();
    this.map.getPane("homes").classList.toggle("dimmed", Boolean(groups));
    delete this.layers.whatIf;
    this.changed = [];
    if (!edits.length) return;
    const group = L.layerGroup();
    for (const edit of edits) {
      if (edit.edit === "add_centre") {
        this.centreMark({ level: edit.level, at: L.latLng(turned(edit.at)) }, "new").addTo(group);
      } else {
        const closed = this.centres.find((one) => one.id === edit.id);
        if (closed) this.centreMark(closed, "closed").addTo(group);
      }
    }
    const place = new Map(this.homes.map((home) => [home.id, home.at]));
    for (const [kind, ids] of Object.entries(groups ?? {})) {
      for (const id of ids) {
        if (!place.has(id)) continue;
        const style = { ...this.styles.change[kind], radius: this.changeRadius(kind), ...this.inPane("changes") };
        this.changed.push(Object.assign(L.circleMarker(place.get(id), style).addTo(group), { kind }));
      }
    }
    this.layers.whatIf = group.addTo(this.map);
    if (groups) this.lookAt(L.latLngBounds(group.getLayers().map((one) => one.getLatLng())));
  }
}
