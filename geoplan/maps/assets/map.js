/* Draws the layers of an audit map. Text of the data only ever becomes text nodes. */
const geoplan = (() => {
  "use strict";

  function make(tag, className, content) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (content !== undefined && content !== null) node.textContent = content;
    return node;
  }

  function factTable(facts, at) {
    const table = make("table", "gp-facts");
    for (const [label, values, words] of facts) {
      const value = words ? words[values[at]] : values[at];
      if (value === null || value === undefined) continue;
      const row = table.insertRow();
      row.appendChild(make("th", "", label));
      row.appendChild(make("td", "", value));
    }
    return table;
  }

  function serviceTable(services, words, at) {
    const table = make("table", "gp-services");
    const head = table.createTHead().insertRow();
    for (const label of words.heads) head.appendChild(make("th", "", label));
    const body = table.createTBody();
    for (const one of services) {
      const row = body.insertRow();
      const verdict = one.verdict[at];
      const minutes = one.minutes[at];
      row.appendChild(make("td", "", one.name));
      row.appendChild(make("td", "gp-number", minutes === null ? "—" : minutes.toFixed(2)));
      row.appendChild(make("td", "gp-number", one.limit));
      row.appendChild(make("td", "", one.nearest[at] < 0 ? "—" : words.names[one.nearest[at]]));
      row.appendChild(make("td", "gp-" + words.verdicts[verdict][0], words.verdicts[verdict][1]));
      row.appendChild(make("td", "", words.reasons[one.reason[at]]));
    }
    return table;
  }

  function popupOf(data, at) {
    const box = make("div", "gp-popup");
    box.appendChild(make("h3", "", data.title[at]));
    if (data.facts) box.appendChild(factTable(data.facts, at));
    if (data.services) box.appendChild(serviceTable(data.services, data.words, at));
    return box;
  }

  function withPopup(layer, data, at) {
    if (data.title) layer.bindPopup(() => popupOf(data, at), { maxWidth: 560, maxHeight: 420 });
    return layer;
  }

  function points(data) {
    const group = L.featureGroup();
    data.at.forEach(([lon, lat], at) => {
      group.addLayer(withPopup(L.circleMarker([lat, lon], data.style), data, at));
    });
    group.on("add", () => {
      const map = group._map;
      const fit = () => group.eachLayer((one) => one.setRadius(radiusAt(map.getZoom(), data.style.radius)));
      fit();
      map.on("zoomend", fit);
      group.once("remove", () => map.off("zoomend", fit));
    });
    return group;
  }

  /* Small from afar, so that dense quarters stay legible; full size from the zoom of single buildings on. */
  function radiusAt(zoom, full) {
    return Math.max(2, Math.min(full, full - (16 - zoom) * 0.6));
  }

  function shapes(data) {
    return L.geoJSON(data.features, {
      interactive: Boolean(data.title),
      style: (feature) => data.styles[data.style ? data.style[feature.id] : 0],
      onEachFeature: (feature, layer) => withPopup(layer, data, feature.id),
    });
  }

  function symbols(data) {
    const group = L.featureGroup();
    data.at.forEach(([lon, lat], at) => {
      const icon = L.divIcon({ className: "gp-symbol gp-" + data.symbol, iconSize: [data.size, data.size] });
      const marker = L.marker([lat, lon], { icon, title: data.title[at], alt: data.title[at] });
      group.addLayer(withPopup(marker, data, at));
    });
    return group;
  }

  function labels(data) {
    const group = L.featureGroup();
    data.at.forEach(([lon, lat], at) => {
      const icon = L.divIcon({ className: "gp-label", html: make("span", "", data.title[at]), iconSize: [0, 0] });
      group.addLayer(L.marker([lat, lon], { icon, interactive: false, keyboard: false }));
    });
    return group;
  }

  function panel(map, position, html) {
    const control = L.control({ position });
    control.onAdd = () => {
      const box = make("div", "gp-panel");
      box.innerHTML = html;
      if (map.getSize().x <= 900) box.querySelectorAll("details").forEach((one) => one.removeAttribute("open"));
      L.DomEvent.disableClickPropagation(box);
      L.DomEvent.disableScrollPropagation(box);
      return box;
    };
    control.addTo(map);
  }

  /* Layers switched on again come on top in Leaflet; the drawing order must stay. */
  function keepOrder(map, layers) {
    map.on("overlayadd", () => {
      for (const layer of layers) {
        if (map.hasLayer(layer)) layer.eachLayer((one) => one.bringToFront && one.bringToFront());
      }
    });
  }

  function setUp(map, options) {
    map.attributionControl.setPrefix(false);
    for (const line of options.attribution) map.attributionControl.addAttribution(line);
    L.control.scale({ imperial: false, maxWidth: 160 }).addTo(map);
    const wide = map.getSize().x > 900;
    map.fitBounds(options.bounds, {
      paddingTopLeft: [wide ? 330 : 10, 10], paddingBottomRight: [wide ? 230 : 10, 20],
    });
    const faint = () => map.getContainer().classList.toggle("gp-far", map.getZoom() < options.labelZoom);
    map.on("zoomend", faint);
    faint();
  }

  return { points, shapes, symbols, labels, panel, keepOrder, setUp };
})();
