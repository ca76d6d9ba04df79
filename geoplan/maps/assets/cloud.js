/* Many points on one canvas: single ones from near, gathered by cells of the screen from afar. */
Object.assign(geoplan, (() => {
  "use strict";

  const MOST_SINGLE = 3000;
  const CELL_PX = 18;
  const PADDING = 0.25;
  const TOUCH_PX = 3;
  const clouds = [];

  /* Small from afar, so that dense quarters stay legible; full size from the zoom of single buildings on. */
  function radiusAt(zoom, full) {
    return Math.max(2, Math.min(full, full - (16 - zoom) * 0.6));
  }

  const Cloud = L.Layer.extend({
    initialize(data) {
      this.data = data;
      this.flat = geoplan.coordinatesOf(data.at);
      this.count = this.flat.length / 2;
      this.groupOf = data.group ? geoplan.numbersOf(data.group) : () => 0;
      this.shown = new Set();
      this.world = new Float64Array(this.flat.length);
      for (let at = 0; at < this.count; at += 1) {
        const point = L.CRS.EPSG3857.latLngToPoint(L.latLng(this.flat[2 * at + 1], this.flat[2 * at]), 0);
        this.world[2 * at] = point.x;
        this.world[2 * at + 1] = point.y;
      }
    },

    onAdd(map) {
      if (!map.getPane("gp-points")) {
        map.createPane("gp-points").style.zIndex = 450;
        map.getPane("gp-points").style.pointerEvents = "none";
      }
      this.canvas = geoplan.make("canvas", "leaflet-zoom-hide");
      map.getPane("gp-points").appendChild(this.canvas);
      map.on("moveend resize zoomend", this.draw, this);
      this.draw();
    },

    onRemove(map) {
      map.off("moveend resize zoomend", this.draw, this);
      this.canvas.remove();
      this.marks = [];
    },

    /* Which points are in which group, for example at another time or for another service. */
    regroup(column) {
      this.groupOf = geoplan.numbersOf(column);
      if (this._map) this.draw();
    },

    draw() {
      const map = this._map, size = map.getSize(), ratio = window.devicePixelRatio || 1;
      const scale = map.options.crs.scale(map.getZoom()) / map.options.crs.scale(0);
      const origin = map.containerPointToLayerPoint([-size.x * PADDING, -size.y * PADDING]);
      const corner = map.getPixelOrigin().add(origin);
      const width = size.x * (1 + 2 * PADDING), height = size.y * (1 + 2 * PADDING);
      this.canvas.width = width * ratio;
      this.canvas.height = height * ratio;
      this.canvas.style.width = width + "px";
      this.canvas.style.height = height + "px";
      L.DomUtil.setPosition(this.canvas, origin);
      const seen = [];
      for (let at = 0; at < this.count; at += 1) {
        const x = this.world[2 * at] * scale - corner.x, y = this.world[2 * at + 1] * scale - corner.y;
        const group = this.groupOf(at);
        if (x > -9 && y > -9 && x < width + 9 && y < height + 9 && this.shown.has(group)) {
          seen.push([x, y, group, at]);
        }
      }
      this.origin = origin;
      this.marks = seen.length > MOST_SINGLE ? this.gathered(seen) : this.single(seen);
      const pen = this.canvas.getContext("2d");
      pen.scale(ratio, ratio);
      for (const mark of this.marks) this.paint(pen, mark);
    },

    single(seen) {
      const zoom = this._map.getZoom();
      const marks = seen.map(([x, y, group, at]) => ({
        x, y, radius: radiusAt(zoom, this.data.groups[group].radius), group, some: [at],
      }));
      return marks.sort((one, other) => one.group - other.group);
    },

    gathered(seen) {
      const cells = new Map();
      for (const [x, y, group, at] of seen) {
        const key = Math.floor(x / CELL_PX) * 65536 + Math.floor(y / CELL_PX);
        let cell = cells.get(key);
        if (!cell) {
          cell = { x: 0, y: 0, parts: new Array(this.data.groups.length).fill(0), some: [] };
          cells.set(key, cell);
        }
        cell.x += x;
        cell.y += y;
        cell.parts[group] += 1;
        cell.some.push(at);
      }
      return [...cells.values()].map((cell) => {
        const count = cell.some.length;
        return {
          x: cell.x / count, y: cell.y / count, parts: cell.parts, some: cell.some,
          radius: Math.min(CELL_PX / 2, 3 + Math.log2(count)),
          group: cell.parts.findIndex((one) => one === count),
        };
      });
    },

    paint(pen, mark) {
      if (mark.group >= 0) {
        this.disc(pen, mark, this.data.groups[mark.group], 0, 2 * Math.PI);
        return;
      }
      let from = -Math.PI / 2;
      mark.parts.forEach((count, group) => {
        const to = from + (2 * Math.PI * count) / mark.some.length;
        if (count) this.disc(pen, mark, this.data.groups[group], from, to);
        from = to;
      });
    },

    disc(pen, mark, style, from, to) {
      pen.beginPath();
      if (to - from < 2 * Math.PI) pen.moveTo(mark.x, mark.y);
      pen.arc(mark.x, mark.y, mark.radius, from, to);
      pen.closePath();
      pen.globalAlpha = style.fillOpacity;
      pen.fillStyle = style.fillColor;
      pen.fill();
      pen.globalAlpha = 1;
      pen.lineWidth = style.weight;
      pen.strokeStyle = style.color;
      pen.stroke();
    },

    /* What lies under a point of the map's container, the topmost mark first. */
    under(containerPoint) {
      if (!this._map || !this.marks) return null;
      const spot = this._map.containerPointToLayerPoint(containerPoint).subtract(this.origin);
      const near = (mark) => Math.hypot(mark.x - spot.x, mark.y - spot.y) <= mark.radius + TOUCH_PX;
      for (let number = this.marks.length - 1; number >= 0; number -= 1) {
        if (near(this.marks[number])) return this.marks[number];
      }
      return null;
    },

    latLngOf(at) {
      return L.latLng(this.flat[2 * at + 1], this.flat[2 * at]);
    },

    open(mark) {
      const same = mark.some.length > 1 ? mark.some : this.sameSpot(mark);
      if (same.length === 1) {
        geoplan.openCard(this._map, this.data, same[0], this.latLngOf(same[0]));
        return;
      }
      const bounds = L.latLngBounds(same.map((at) => this.latLngOf(at)));
      const apart = this._map.latLngToContainerPoint(bounds.getNorthWest())
        .distanceTo(this._map.latLngToContainerPoint(bounds.getSouthEast()));
      if (apart < 2 || this._map.getZoom() >= this._map.getMaxZoom() - 1) {
        geoplan.openChoice(this._map, this.data, same, bounds.getCenter());
      } else {
        this._map.fitBounds(bounds, { padding: [80, 80] });
      }
    },

    sameSpot(mark) {
      const some = this.marks.filter((one) => Math.hypot(one.x - mark.x, one.y - mark.y) < 0.5);
      return some.flatMap((one) => one.some).sort((one, other) => one - other);
    },
  });

  /* Open what a cloud has under the mouse; tell whether there was anything. */
  function openUnder(map, containerPoint) {
    for (let number = clouds.length - 1; number >= 0; number -= 1) {
      const mark = clouds[number]._map === map ? clouds[number].under(containerPoint) : null;
      if (mark) {
        clouds[number].open(mark);
        return true;
      }
    }
    return false;
  }

  function watch(map) {
    map.on("click", (event) => openUnder(map, event.containerPoint));
    map.on("mousemove", (event) => {
      const hit = clouds.some((one) => one._map === map && one.under(event.containerPoint));
      map.getContainer().classList.toggle("gp-hit", hit);
    });
  }

  function cloud(data) {
    const made = new Cloud(data);
    clouds.push(made);
    return made;
  }

  /* A switch for one group of a cloud: a layer of the layer control that draws nothing itself. */
  function group(owner, number) {
    const Switch = L.Layer.extend({
      onAdd(map) {
        owner.shown.add(number);
        if (owner._map) owner.draw(); else owner.addTo(map);
      },
      onRemove() {
        owner.shown.delete(number);
        if (owner.shown.size) owner.draw(); else owner.remove();
      },
      eachLayer() {},
    });
    const made = new Switch();
    if (!owner.switches) {
      owner.switches = [];
      geoplan.sources.push({
        data: owner.data, count: owner.count, latLngOf: (at) => owner.latLngOf(at),
        layerOf: (at) => owner.switches[owner.groupOf(at)],
      });
    }
    owner.switches[number] = made;
    return made;
  }

  function points(data) {
    return group(cloud(data), 0);
  }

  return { cloud, group, points, openUnder, watch, clouds };
})());
