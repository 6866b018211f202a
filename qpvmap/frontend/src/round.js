// The map of a round: numbered stops, the way between them, the depot that can be dragged.
// The page is complete without it. It also offers the usual words of a reason.
import "./undo.js";
import { fitPins } from "./fit-pins.js";
import L from "./global-leaflet.js";
import { light } from "./map-pins.js";
import { miniMap } from "./minimap.js";

const DECIMALS = 6;

function pinOf({ dataset }) {
  return {
    kind: "stop",
    number: dataset.number,
    name: dataset.name,
    lon: Number(dataset.lon),
    lat: Number(dataset.lat),
    passed: dataset.passed !== undefined,
  };
}

/** Dragging the depot fills the form beside; words that named the former place go. */
function follow(form) {
  return ({ lon, lat }) => {
    const { lieu, lon: east, lat: north } = form.elements;
    east.value = lon.toFixed(DECIMALS);
    north.value = lat.toFixed(DECIMALS);
    lieu.value = "";
    form.closest("details").open = true;
    form.querySelector("[data-depot-said]").textContent =
      "Départ déplacé. Donnez-lui un nom si vous voulez, puis enregistrez.";
  };
}

function joinRow(map, row) {
  const marker = map.pin("number", row.dataset.number);
  for (const [event, on] of [
    ["pointerenter", true],
    ["pointerleave", false],
    ["focusin", true],
    ["focusout", false],
  ]) {
    row.addEventListener(event, () => light(marker, on));
  }
}

function draw(frame) {
  const rows = [...document.querySelectorAll("[data-stops] > [data-lon]")];
  const form = document.querySelector("[data-depot-form]");
  const depot = { lon: Number(frame.dataset.lon), lat: Number(frame.dataset.lat) };
  const hasDepot = frame.dataset.depot !== undefined;
  const pins = rows.map(pinOf);
  const map = miniMap(frame, {
    ...depot,
    zoom: 16,
    label: frame.dataset.depot ?? "Départ",
    marker: hasDepot,
    draggable: frame.dataset.movable !== undefined && form !== null,
    onMove: form ? follow(form) : null,
    pins,
  });
  const way = pins.map(({ lon, lat }) => [lat, lon]);
  if (hasDepot && way.length) {
    way.unshift([depot.lat, depot.lon]);
    way.push([depot.lat, depot.lon]);
  }
  L.polyline(way, { className: "m-way", interactive: false }).addTo(map.map);
  const shown = hasDepot ? [...pins, depot] : pins;
  if (shown.length) fitPins(map, shown);
  for (const row of rows) joinRow(map, row);
}

/** Words typed by hand are never written over. */
function offerWords(form) {
  const text = form.elements.comment;
  let offered = text.value;
  form.addEventListener("change", ({ target }) => {
    if (target.name !== "reason" || text.value !== offered) return;
    offered = target.dataset.text;
    text.value = offered;
  });
}

for (const frame of document.querySelectorAll("[data-round-map]")) draw(frame);
for (const form of document.querySelectorAll("[data-reasons]")) offerWords(form);
