/* What stands around the map: panels, scale, north, search, slider, a second map beside, print. */
Object.assign(geoplan, (() => {
  "use strict";

  const MOST_FOUND = 8;
  const FOUND_ZOOM = 16;
  const STREET_NAMES_NEARER = 2.5;

  function control(map, position, box) {
    const made = L.control({ position });
    made.onAdd = () => {
      L.DomEvent.disableClickPropagation(box);
      L.DomEvent.disableScrollPropagation(box);
      return box;
    };
    made.addTo(map);
  }

  function panel(map, position, html) {
    const box = geoplan.make("div", "gp-panel");
    box.innerHTML = html;
    if (map.getSize().x <= 900) box.querySelectorAll("details").forEach((one) => one.removeAttribute("open"));
    control(map, position, box);
  }

  function north(map, words) {
    const box = geoplan.make("div", "gp-north");
    box.title = words.north;
    box.appendChild(geoplan.make("span", "gp-arrow"));
    box.appendChild(geoplan.make("span", "", words.north_sign));
    control(map, "bottomleft", box);
  }

  /* Show a place: switch its layer on, go near, open its card. */
  function show(map, source, at) {
    const layer = source.layerOf(at);
    if (layer && !layer._map) map.addLayer(layer);
    const place = source.latLngOf(at);
    const there = layer ? layer._map : map;
    there.setView(place, Math.max(map.getZoom(), FOUND_ZOOM), { animate: false });
    geoplan.openCard(there, source.data, at, place);
  }

  function found(asked) {
    const wanted = asked.trim().toLowerCase();
    const hits = [], seen = new Set();
    if (!wanted) return hits;
    for (const source of geoplan.sources) {
      if (!source.data.search) continue;
      for (let at = 0; at < source.count && hits.length < MOST_FOUND; at += 1) {
        const title = geoplan.titleOf(source.data, at);
        const key = source.data.search + "\n" + title + "\n" + source.latLngOf(at);
        if (title.toLowerCase().includes(wanted) && !seen.has(key)) {
          seen.add(key);
          hits.push({ title, source, at });
        }
      }
    }
    return hits;
  }

  function search(map, words) {
    const box = geoplan.make("div", "gp-search");
    const field = geoplan.make("input");
    field.type = "search";
    field.placeholder = words.search;
    field.setAttribute("aria-label", words.search);
    const list = geoplan.make("div", "gp-found");
    list.setAttribute("role", "listbox");
    function fill() {
      list.replaceChildren();
      const hits = found(field.value);
      for (const hit of hits) {
        const button = geoplan.make("button", "", hit.title);
        button.type = "button";
        button.appendChild(geoplan.make("span", "gp-muted", hit.source.data.search));
        button.addEventListener("click", () => {
          list.replaceChildren();
          show(map, hit.source, hit.at);
        });
        list.appendChild(button);
      }
      if (field.value.trim() && !hits.length) list.appendChild(geoplan.make("p", "gp-muted", words.nothing));
    }
    field.addEventListener("input", fill);
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && list.querySelector("button")) list.querySelector("button").click();
    });
    box.appendChild(field);
    box.appendChild(list);
    control(map, "topright", box);
  }

  /* Minutes, service or another choice that regroups clouds and shows the circles of that time. */
  function choice(maps, options) {
    const box = geoplan.make("div", "gp-choice-bar");
    const label = geoplan.make("label", "", options.label);
    const said = geoplan.make("output", "", "");
    const field = geoplan.make(options.slider ? "input" : "select");
    if (options.slider) {
      Object.assign(field, { type: "range", min: 0, max: options.steps.length - 1, step: 1 });
    } else {
      for (const step of options.steps) field.appendChild(geoplan.make("option", "", step.label));
    }
    const places = options.steps.map((_, at) => at);
    function turn() {
      const at = options.slider ? Number(field.value) : field.selectedIndex;
      const step = options.steps[at];
      said.textContent = options.slider ? step.label : "";
      for (const one of options.clouds) one.cloud.regroup(one.columns[at]);
      for (const one of options.timed) {
        const wanted = Math.abs(one.minutes - step.minutes) < 1e-9 && one.level !== undefined;
        for (const map of maps) {
          if (wanted && !map.hasLayer(one)) map.addLayer(one);
          if (!wanted && map.hasLayer(one)) map.removeLayer(one);
        }
      }
      if (!step.counts) return;
      const counts = document.querySelectorAll("[data-gp-count]");
      counts.forEach((node) => { node.textContent = step.counts[node.dataset.gpCount] || ""; });
    }
    field.value = String(options.start);
    if (!options.slider) field.selectedIndex = options.start;
    said.textContent = options.slider ? options.steps[options.start].label : "";
    field.addEventListener("input", turn);
    field.setAttribute("aria-label", options.label);
    label.appendChild(field);
    label.appendChild(said);
    box.appendChild(label);
    if (options.slider) {
      const marks = geoplan.make("div", "gp-ticks");
      for (const at of places) marks.appendChild(geoplan.make("span", "", options.steps[at].tick));
      box.appendChild(marks);
    }
    if (options.note) box.appendChild(geoplan.make("p", "gp-muted", options.note));
    control(maps[0], "topright", box);
  }

  /* Two maps that move as one. */
  function together(one, other) {
    let moving = false;
    const follow = (leader, follower) => leader.on("move zoomend", () => {
      if (moving) return;
      moving = true;
      follower.setView(leader.getCenter(), leader.getZoom(), { animate: false });
      moving = false;
    });
    follow(one, other);
    follow(other, one);
    other.setView(one.getCenter(), one.getZoom(), { animate: false });
  }

  /* On paper the page has the size of a sheet, and shows what was seen. */
  function printable(map) {
    let seen = null, copies = [];
    const still = { animate: false };
    window.addEventListener("beforeprint", () => {
      seen = map.getBounds();
      document.body.classList.add("gp-printing");
      map.invalidateSize(still);
      map.fitBounds(seen, still);
      geoplan.thinNow();
      copies = [...map.getPane("mapPane").querySelectorAll("canvas")].map(copied);
    });
    window.addEventListener("afterprint", () => {
      copies.forEach((undo) => undo());
      document.body.classList.remove("gp-printing");
      map.invalidateSize(still);
      map.fitBounds(seen, still);
    });
  }

  /* Chromium prints a canvas stroke by stroke, and its wiping too, through all that lies beneath: print a picture. */
  function copied(canvas) {
    const copy = canvas.cloneNode();
    copy.getContext("2d").drawImage(canvas, 0, 0);
    canvas.after(copy);
    canvas.style.display = "none";
    return () => {
      copy.remove();
      canvas.style.display = "";
    };
  }

  function tiles(map, sheets) {
    for (const sheet of sheets) L.tileLayer(sheet.url, { ...sheet.options, pane: "tilePane" }).addTo(map);
  }

  function setUp(map, options) {
    map.attributionControl.setPrefix(false);
    for (const line of options.attribution) map.attributionControl.addAttribution(line);
    tiles(map, options.tiles);
    north(map, options.words);
    L.control.scale({ imperial: false, maxWidth: 160 }).addTo(map);
    if (options.search) search(map, options.words);
    geoplan.watch(map);
    const wide = map.getSize().x > 900;
    map.fitBounds(options.bounds, {
      paddingTopLeft: [wide && options.panels ? 330 : 10, 10],
      paddingBottomRight: [wide && options.panels ? 240 : 10, 20],
    });
    const faint = () => {
      const names = map.getContainer().classList;
      names.toggle("gp-far", map.getZoom() < options.labelZoom);
      names.toggle("gp-not-near", map.getZoom() < options.labelZoom + STREET_NAMES_NEARER);
    };
    map.on("zoomend", faint);
    faint();
    printable(map);
  }

  return { panel, setUp, choice, together, show, found };
})());
