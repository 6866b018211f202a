// The inbox's map: the pins of the rows on the page. The list is complete without it.
// Pointing at a row lights its pin; pointing at a pin lights its row. Choosing and acting is in
// bulk.js, keys in keys.js, what others do meanwhile in fresh.js.
import { Bulk } from "./bulk.js";
import { fitPins } from "./fit-pins.js";
import { Inbox } from "./fresh.js";
import { inboxKeys, keysHelp } from "./keys.js";
import { light } from "./map-pins.js";
import { miniMap } from "./minimap.js";

const WIDE = window.matchMedia("(min-width: 64rem)");

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

document
  .querySelector(".tabs [aria-current]")
  ?.scrollIntoView({ inline: "center", block: "nearest" });
if (rows.length && frame) {
  drawOnce();
  WIDE.addEventListener("change", drawOnce);
}

const lot = document.querySelector("[data-bulk]");
const live = document.querySelector("[data-live]");
const bulk = lot && new Bulk(lot, () => following?.poll.now());
const following = live && new Inbox(live, bulk);
const help = keysHelp();
if (live?.dataset.keys !== undefined) inboxKeys(bulk, help);
