// The inbox's map: the pins of the rows on the page. The list is complete without it.
// Pointing at a row lights its pin; pointing at a pin lights its row; j and k walk the rows
// while one of them has the focus.
import { fitPins } from "./fit-pins.js";
import { light } from "./map-pins.js";
import { miniMap } from "./minimap.js";

const WIDE = window.matchMedia("(min-width: 64rem)");
const STEPS = { j: 1, k: -1 };

const rows = [...document.querySelectorAll("[data-rows] [data-reference]")];
const frame = document.querySelector("[data-inbox-map]");
const link = (row) => row.querySelector("h2 a");

function pinOf(row) {
  const { reference, lon, lat, pinStatus, pinLate, confidential } = row.dataset;
  return {
    reference,
    lon: Number(lon),
    lat: Number(lat),
    name: `${link(row).textContent}, ${reference}`,
    status: pinStatus,
    late: pinLate !== undefined,
    confidential: confidential !== undefined,
    href: link(row).href,
  };
}

function lightRow(row, on) {
  row.classList.toggle("is-on", on);
}

function joinRow(map, row) {
  const marker = map.pin("reference", row.dataset.reference);
  for (const [event, on] of [
    ["pointerenter", true],
    ["pointerleave", false],
    ["focusin", true],
    ["focusout", false],
  ]) {
    row.addEventListener(event, () => light(marker, on));
  }
  marker?.on("mouseover", () => lightRow(row, true));
  marker?.on("mouseout", () => lightRow(row, false));
}

/** Drawn the first time there is room for it: a phone shows the list alone. */
function drawOnce() {
  if (!WIDE.matches || frame.dataset.drawn !== undefined) return;
  frame.dataset.drawn = "";
  const pins = rows.map(pinOf);
  const map = miniMap(frame, { ...pins[0], zoom: 16, marker: false, pins });
  fitPins(map, pins);
  for (const row of rows) joinRow(map, row);
}

function walk(event) {
  const step = STEPS[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
  const at = rows.indexOf(event.target.closest("[data-reference]"));
  const next = rows[at + step];
  if (at < 0 || !next) return;
  event.preventDefault();
  link(next).focus();
}

document
  .querySelector(".tabs [aria-current]")
  ?.scrollIntoView({ inline: "center", block: "nearest" });
if (rows.length && frame) {
  drawOnce();
  WIDE.addEventListener("change", drawOnce);
}
document.querySelector("[data-rows]")?.addEventListener("keydown", walk);
