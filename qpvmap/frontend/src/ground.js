// The outline of a piece of ground, drawn on a map and written in the text beside it: each follows
// the other. Without a script, or with the keyboard, the text does it all.
import L from "./global-leaflet.js";
import { miniMap } from "./minimap.js";

const HOLE = "trou";
const DECIMALS = 6;
const NUMBERS = /[-+]?\d{1,3}(?:[.,]\d+)?/g;

/** The rings of a text, `{ hole, points: [[lat, lon]…] }`, or null while a line is no point. */
function readOutline(text) {
  const rings = [];
  for (const block of text.trim().split(/\n\s*\n/)) {
    const lines = block.split("\n").map((line) => line.trim());
    const hole = lines[0]?.toLowerCase() === HOLE;
    const points = lines
      .slice(hole ? 1 : 0)
      .filter(Boolean)
      .map((line) => line.match(NUMBERS)?.map((part) => Number(part.replace(",", "."))));
    if (points.some((point) => point?.length !== 2)) return null;
    if (points.length) rings.push({ hole, points });
  }
  return rings;
}

const writePoint = (point) => point.map((degrees) => degrees.toFixed(DECIMALS)).join(" ");

function writeOutline(rings) {
  return rings
    .map(({ hole, points }) => [...(hole ? [HOLE] : []), ...points.map(writePoint)].join("\n"))
    .join("\n\n");
}

const middle = ([a, b], [c, d]) => [(a + c) / 2, (b + d) / 2];

class Editor {
  constructor(frame) {
    this.text = document.getElementById(frame.dataset.groundEditor);
    this.said = document.querySelector("[data-ground-said]");
    this.rings = readOutline(this.text.value) ?? [];
    const { lon, lat } = frame.dataset;
    const start = { lon: Number(lon), lat: Number(lat), zoom: 17, marker: false };
    this.map = miniMap(frame, start).map;
    this.map.doubleClickZoom.disable();
    this.#drawOthers(frame.dataset);
    this.shapes = L.layerGroup().addTo(this.map);
    this.handles = L.layerGroup().addTo(this.map);
    this.map.on("click", ({ latlng }) => this.add([latlng.lat, latlng.lng]));
    this.text.addEventListener("input", () => this.read());
    this.draw();
    this.fit();
  }

  /** The other pieces of ground, faintly: a new one is drawn against its neighbours. */
  async #drawOthers({ others, code }) {
    try {
      const answer = await fetch(others);
      const { features } = await answer.json();
      const around = features.filter(({ properties }) => properties.code !== code);
      L.geoJSON(around, {
        pane: "emprises",
        interactive: false,
        style: { className: "m-emp is-other" },
      }).addTo(this.map);
    } catch {
      // A help and no more: drawing goes on without it.
    }
  }

  fit() {
    const points = this.rings.flatMap((ring) => ring.points);
    if (points.length > 1) {
      this.map.fitBounds(L.latLngBounds(points), { padding: [32, 32], animate: false });
    }
  }

  read() {
    const rings = readOutline(this.text.value);
    this.say(rings ? "" : "Une ligne du contour n’est pas un point.");
    if (!rings) return;
    this.rings = rings;
    this.draw();
    this.fit();
  }

  say(words) {
    this.said.textContent = words;
  }

  changed(words) {
    this.rings = this.rings.filter((ring) => ring.points.length);
    this.text.value = writeOutline(this.rings);
    this.say(words);
    this.draw();
  }

  /** A new point goes on the side of the last ring that it is nearest to. */
  add(point) {
    const ring = this.rings.at(-1);
    if (!ring) this.rings.push({ hole: false, points: [point] });
    else ring.points.splice(this.nearestSide(ring.points, point) + 1, 0, point);
    this.changed("Point ajouté.");
  }

  nearestSide(points, point) {
    if (points.length < 3) return points.length - 1;
    const flat = (p) => this.map.latLngToLayerPoint(p);
    const gaps = points.map((from, n) =>
      L.LineUtil.pointToSegmentDistance(
        flat(point),
        flat(from),
        flat(points[(n + 1) % points.length]),
      ),
    );
    return gaps.indexOf(Math.min(...gaps));
  }

  draw() {
    this.shapes.clearLayers();
    const parts = [];
    for (const { hole, points } of this.rings) {
      if (hole && parts.length) parts.at(-1).push(points);
      else parts.push([points]);
    }
    if (parts.length) {
      L.polygon(parts, { className: "m-emp is-area", interactive: false }).addTo(this.shapes);
    }
    this.handles.clearLayers();
    for (const ring of this.rings) {
      for (const n of ring.points.keys()) this.handle(ring, n);
    }
  }

  handle(ring, n) {
    const { points } = ring;
    const vertex = this.mark(points[n], "m-vertex", "Point du contour", true);
    vertex.on("dragend", () => {
      const { lat, lng } = vertex.getLatLng();
      points[n] = [lat, lng];
      this.changed("Point déplacé.");
    });
    vertex.on("click", L.DomEvent.stop); // else the map adds a point under it
    vertex.on("dblclick", (event) => {
      L.DomEvent.stop(event);
      points.splice(n, 1);
      this.changed("Point ôté.");
    });
    if (points.length < 2) return;
    const between = middle(points[n], points[(n + 1) % points.length]);
    this.mark(between, "m-vertex is-between", "Insérer un point", false).on("click", (event) => {
      L.DomEvent.stop(event);
      points.splice(n + 1, 0, between);
      this.changed("Point inséré.");
    });
  }

  mark(point, className, title, draggable) {
    const icon = L.divIcon({ className, iconSize: [24, 24] });
    const options = { icon, title, draggable, keyboard: false, bubblingMouseEvents: false };
    return L.marker(point, options).addTo(this.handles);
  }
}

for (const frame of document.querySelectorAll("[data-ground-editor]")) new Editor(frame);
