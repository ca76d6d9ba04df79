/* Layers of shapes, symbols and labels. */
Object.assign(geoplan, (() => {
  "use strict";

  const LINE = 0, POLYGON = 1;
  const DOT_PX = 4;

  /* Rows of a table as Leaflet's nested positions: kind, and lines, or polygons with their rings, or points. */
  function rowsOf(packed) {
    const flat = geoplan.coordinatesOf(packed.at);
    const [parts, rings, vertices] = [packed.parts, packed.rings, packed.vertices].map(geoplan.numbersOf);
    const kinds = geoplan.numbersOf(packed.kinds);
    let part = 0, ring = 0, vertex = 0;
    const rows = [];
    for (let row = 0; row < packed.rows; row += 1) {
      const shape = [];
      let kind = null;
      for (let last = part + parts(row); part < last; part += 1) {
        kind = kinds(part);
        const polygon = [];
        for (let end = ring + rings(part); ring < end; ring += 1) {
          const line = [];
          for (let stop = vertex + vertices(ring); vertex < stop; vertex += 1) {
            line.push([flat[2 * vertex + 1], flat[2 * vertex]]);
          }
          polygon.push(line);
        }
        shape.push(kind === POLYGON ? polygon : polygon[0]);
      }
      rows.push([kind, shape]);
    }
    return rows;
  }

  function drawn(kind, shape, style) {
    if (kind === LINE) return L.polyline(shape, { ...style, fill: false });
    if (kind === POLYGON) return L.polygon(shape, style);
    return L.featureGroup(shape.map(([place]) => L.circleMarker(place, { ...style, radius: DOT_PX })));
  }

  function shapes(data) {
    const group = L.featureGroup();
    const rows = rowsOf(data.shapes);
    rows.forEach(([kind, shape], at) => {
      if (kind === null) return;
      const style = data.styles[data.style ? data.style[at] : 0];
      const layer = drawn(kind, shape, { ...style, interactive: Boolean(data.title) });
      if (data.title) {
        layer.on("click", (event) => {
          L.DomEvent.stopPropagation(event);
          const map = group._map;
          if (!geoplan.openUnder(map, event.containerPoint)) geoplan.openCard(map, data, at, event.latlng);
        });
      }
      group.addLayer(layer);
    });
    group.minutes = data.minutes;
    group.level = data.level;
    if (data.title) {
      const middleOf = (at) => L.latLngBounds(flatten(rows[at][1])).getCenter();
      geoplan.sources.push({ data, count: rows.length, latLngOf: middleOf, layerOf: () => group });
    }
    return group;
  }

  function flatten(shape) {
    const found = [];
    (function walk(one) {
      if (typeof one[0] === "number") found.push(one); else one.forEach(walk);
    })(shape);
    return found;
  }

  function placesOf(data) {
    const flat = geoplan.coordinatesOf(data.at);
    return data.title.map((_, at) => L.latLng(flat[2 * at + 1], flat[2 * at]));
  }

  function symbols(data) {
    const group = L.featureGroup();
    const places = placesOf(data);
    places.forEach((place, at) => {
      const icon = L.divIcon({ className: "gp-symbol gp-" + data.symbol, iconSize: [data.size, data.size] });
      const marker = L.marker(place, { icon, title: data.title[at], alt: data.title[at] });
      marker.on("click", () => geoplan.openCard(group._map, data, at, place));
      group.addLayer(marker);
    });
    geoplan.sources.push({ data, count: places.length, latLngOf: (at) => places[at], layerOf: () => group });
    return group;
  }

  /* Every group of names of the page, the most important first. */
  const named = [];
  const STEPS_PX = [0, -20, 20, -36, 36];

  function labels(data) {
    const group = L.featureGroup();
    const markers = placesOf(data).map((place, at) => {
      const icon = L.divIcon({
        className: "gp-label" + (data.look ? " gp-label-" + data.look : ""),
        html: geoplan.make("span", "", data.title[at]), iconSize: [0, 0],
      });
      const marker = L.marker(place, { icon, interactive: false, keyboard: false });
      group.addLayer(marker);
      return marker;
    });
    named.push({ group, markers });
    group.on("add", () => {
      group._map.on("zoomend", thin);
      thin();
    });
    group.on("remove", thin);
    return group;
  }

  /* Names make way for symbols, and wait for a nearer view where they would lie on another name. */
  let waiting = false;
  function thin() {
    if (waiting) return;
    waiting = true;
    window.requestAnimationFrame(() => {
      waiting = false;
      thinNow();
    });
  }

  function thinNow() {
    const taken = new Map();
    for (const { group, markers } of named) {
      const map = group._map;
      if (!map) continue;
      if (!taken.has(map)) {
        const symbols = map.getContainer().querySelectorAll(".leaflet-marker-pane .gp-symbol");
        taken.set(map, [...symbols].map((one) => one.getBoundingClientRect()));
      }
      for (const marker of markers) place(marker, taken.get(map));
    }
  }

  function place(marker, taken) {
    const span = marker.getElement() && marker.getElement().firstElementChild;
    if (!span) return;
    span.style.marginTop = "";
    span.style.visibility = "";
    const box = span.getBoundingClientRect();
    if (!box.width) return;
    for (const step of STEPS_PX) {
      const moved = new DOMRect(box.x, box.y + step, box.width, box.height);
      const clear = !taken.some((one) => (
        moved.left < one.right && one.left < moved.right && moved.top < one.bottom && one.top < moved.bottom
      ));
      if (clear) {
        span.style.marginTop = step + "px";
        taken.push(moved);
        return;
      }
    }
    span.style.visibility = "hidden";
  }

  /* Layers switched on again come on top in Leaflet; the drawing order must stay. */
  function keepOrder(map, layers) {
    map.on("overlayadd", () => {
      for (const layer of layers) {
        if (map.hasLayer(layer)) layer.eachLayer((one) => one.bringToFront && one.bringToFront());
      }
    });
  }

  return { shapes, symbols, labels, keepOrder, thinNow };
})());
