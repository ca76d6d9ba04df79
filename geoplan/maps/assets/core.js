/* What every layer shares: nodes, packed columns, cards. Text of the data only ever becomes text nodes. */
const geoplan = (() => {
  "use strict";

  /* Everything that has cards, in drawing order: {data, layer, titleOf(at), latLngOf(at), count}. */
  const sources = [];
  const PATH_COLOUR = "#1d1d1b";

  function make(tag, className, content) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (content !== undefined && content !== null) node.textContent = content;
    return node;
  }

  function bytesOf(packed) {
    const text = atob(packed);
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
    return bytes;
  }

  /* Whole numbers, or fixed decimals: the greatest value of the type stands for a missing one. */
  function numbersOf(column) {
    const Type = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array }[column.type];
    const missing = { u1: 0xff, u2: 0xffff, u4: 0xffffffff }[column.type];
    const values = new Type(bytesOf(column.data).buffer);
    return (at) => (values[at] === missing ? null : values[at] / column.scale);
  }

  /* Longitude and latitude, flat: each told as the difference to the one before, in zigzag varints. */
  function coordinatesOf(packed) {
    const bytes = bytesOf(packed.data);
    const found = new Float64Array(2 * packed.count);
    const before = [0, 0];
    let at = 0;
    for (let number = 0; number < found.length; number += 1) {
      let value = 0, shift = 0, byte = 0;
      do {
        byte = bytes[at];
        at += 1;
        value += (byte & 0x7f) * 2 ** shift;
        shift += 7;
      } while (byte & 0x80);
      before[number & 1] += value % 2 ? -(value + 1) / 2 : value / 2;
      found[number] = before[number & 1] / packed.scale;
    }
    return found;
  }

  function textOf(value, at) {
    if (value.type === undefined) return value[at];
    if (!value.read) value.read = numbersOf(value);
    const number = value.read(at);
    return number === null ? null : number.toLocaleString("en-US", { maximumFractionDigits: 2 });
  }

  function factTable(facts, at) {
    const table = make("table", "gp-facts");
    for (const [label, values, words] of facts) {
      const value = words ? words[values[at]] : textOf(values, at);
      if (value === null || value === undefined) continue;
      const row = table.insertRow();
      row.appendChild(make("th", "", label));
      row.appendChild(make("td", "", value));
    }
    return table;
  }

  function serviceTable(data, at, paths) {
    const words = data.words;
    const table = make("table", "gp-services");
    const head = table.createTHead().insertRow();
    for (const label of words.heads) head.appendChild(make("th", "", label));
    const body = table.createTBody();
    data.services.forEach((one, number) => {
      if (!one.read) {
        one.read = {};
        for (const name of ["minutes", "nearest", "outcome"]) one.read[name] = numbersOf(one[name]);
      }
      const row = body.insertRow();
      const [verdict, reason] = words.outcomes[one.read.outcome(at)];
      const minutes = one.read.minutes(at);
      const nearest = one.read.nearest(at);
      row.appendChild(make("td", "", one.name));
      row.appendChild(make("td", "gp-number", minutes === null ? "—" : minutes.toFixed(2)));
      row.appendChild(make("td", "gp-number", one.limit));
      row.appendChild(make("td", "", nearest === null ? "—" : words.names[nearest]));
      row.appendChild(make("td", "gp-" + words.verdicts[verdict][0], words.verdicts[verdict][1]));
      row.appendChild(make("td", "", words.reasons[reason]));
      if (paths && paths[number]) {
        row.classList.add("gp-walked");
        row.addEventListener("mouseenter", () => paths[number].setStyle({ weight: 6, opacity: 1 }));
        row.addEventListener("mouseleave", () => paths[number].setStyle({ weight: 3, opacity: 0.75 }));
      }
    });
    return table;
  }

  /* Walking paths of one home, a line a service; null where none is known. */
  function pathsOf(data, at) {
    if (!data.paths) return null;
    return data.paths.map((one) => {
      if (!one.from) {
        const counts = numbersOf(one.vertices);
        one.from = [0];
        for (let home = 0; home < one.homes; home += 1) one.from.push(one.from[home] + counts(home));
        one.flat = coordinatesOf(one.at);
      }
      const line = [];
      for (let vertex = one.from[at]; vertex < one.from[at + 1]; vertex += 1) {
        line.push([one.flat[2 * vertex + 1], one.flat[2 * vertex]]);
      }
      if (line.length < 2) return null;
      return L.polyline(line, { color: PATH_COLOUR, weight: 3, opacity: 0.75, interactive: false });
    });
  }

  function cardOf(data, at, paths) {
    const box = make("div", "gp-popup");
    box.appendChild(make("h3", "", titleOf(data, at)));
    if (data.facts) box.appendChild(factTable(data.facts, at));
    if (data.services) box.appendChild(serviceTable(data, at, paths));
    if (paths && paths.some((one) => one)) box.appendChild(make("p", "gp-muted", data.words.paths));
    return box;
  }

  /* Homes without a name bear their id, which is then told once. */
  function titleOf(data, at) {
    const title = data.title[at];
    return title === null ? data.ids[at] : title;
  }

  function openCard(map, data, at, latLng) {
    const paths = pathsOf(data, at);
    const drawn = L.featureGroup((paths || []).filter((one) => one)).addTo(map);
    const popup = L.popup({ maxWidth: 560, maxHeight: 420 }).setLatLng(latLng).setContent(cardOf(data, at, paths));
    popup.on("remove", () => drawn.remove());
    popup.openOn(map);
  }

  /* Several places at one spot: their names to choose from. */
  function openChoice(map, data, some, latLng) {
    const box = make("div", "gp-popup gp-choice");
    for (const at of some.slice(0, 50)) {
      const button = make("button", "", titleOf(data, at));
      button.type = "button";
      button.addEventListener("click", () => openCard(map, data, at, latLng));
      box.appendChild(button);
    }
    if (some.length > 50) box.appendChild(make("p", "gp-muted", "+ " + (some.length - 50)));
    L.popup({ maxWidth: 320, maxHeight: 320 }).setLatLng(latLng).setContent(box).openOn(map);
  }

  return { sources, make, numbersOf, coordinatesOf, titleOf, openCard, openChoice };
})();
