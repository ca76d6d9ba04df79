// Printing: the card, the map and the legend on one sheet, with the pack and the day.

import { byId } from "./dom.js";
import { t } from "./words.js";

const twoFrames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

export class Printing {
  constructor(map, line) {
    this.map = map;
    this.line = line; // returns the line on the pack
    byId("print").addEventListener("click", () => this.print());
    window.addEventListener("beforeprint", () => this.begin());
    window.addEventListener("afterprint", () => this.end());
  }

  /** The map takes the size it has on paper before the paper is laid out. */
  begin() {
    if (document.body.classList.contains("printing")) return;
    const { map } = this.map;
    this.view = map.getBounds();
    const date = new Date().toLocaleString(document.documentElement.lang);
    byId("print-line").textContent = `${this.line()} · ${t("page.printed", { date })}`;
    document.body.classList.add("printing");
    map.invalidateSize({ animate: false });
    map.fitBounds(this.view, { animate: false });
  }

  end() {
    if (!document.body.classList.contains("printing")) return;
    document.body.classList.remove("printing");
    this.map.map.invalidateSize({ animate: false });
    this.map.map.fitBounds(this.view, { animate: false });
  }

  async print() {
    this.begin();
    await twoFrames();
    window.print();
  }
}
