// The inbox's map: the pins of the rows on the page. The list is complete without it.
// Pointing at a row lights its pin; pointing at a pin lights its row. With "Suivre la carte",
// panning the map filters the list. Choosing and acting is in bulk.js, keys in keys.js, what others
// do meanwhile in fresh.js.
//
// The rows may be replaced without the page being left: whoever holds on to them listens to
// "inbox:changed" on the document.
import { Bulk } from "./bulk.js";
import { fitPins } from "./fit-pins.js";
import { Inbox } from "./fresh.js";
import { followMap } from "./inbox-follow.js";
import { inboxKeys, keysHelp } from "./keys.js";
import { light } from "./map-pins.js";
import { miniMap } from "./minimap.js";
import "./undo.js";

const WIDE = window.matchMedia("(min-width: 64rem)");

const frame = document.querySelector("[data-inbox-map]");
const rows = () => [...document.querySelectorAll("[data-rows] [data-reference]")];
const link = (row) => row.querySelector("h2 a");
let map = null;

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

function joinRow(row) {
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

/** Where the map opens: on the zone that the list was asked for, or on all its pins. */
function open(pins) {
  const zone = frame.dataset.zone?.split(",").map(Number);
  const [first] = zone ? [{ lon: zone[0], lat: zone[1] }] : pins;
  map = miniMap(frame, { ...first, zoom: 16, marker: false, pins });
  fitPins(map, pins.length ? pins : [first]);
  if (zone) {
    const [west, south, east, north] = zone;
    map.map.fitBounds(
      [
        [south, west],
        [north, east],
      ],
      { animate: false },
    );
  }
}

/** Drawn the first time there is room for it: a phone shows the list alone until asked. */
function drawOnce() {
  if (!frame || map || !(WIDE.matches || window.location.hash === "#carte")) return;
  open(rows().map(pinOf));
  for (const row of rows()) joinRow(row);
  followMap(map);
}

function redraw() {
  if (!map) return;
  map.setPins(rows().map(pinOf));
  for (const row of rows()) joinRow(row);
}

/** A choice that applies by itself; its button is for those without script. */
function applyAtOnce() {
  document.documentElement.classList.add("has-script");
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-at-once]")) event.target.form.requestSubmit();
  });
}

/** Filters that were left empty have nothing to say in the address. */
function sayLess() {
  document.addEventListener("formdata", (event) => {
    if (!event.target.matches(".filter-form")) return;
    for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });
}

document
  .querySelector(".tabs [aria-current]")
  ?.scrollIntoView({ inline: "center", block: "nearest" });
drawOnce();
WIDE.addEventListener("change", drawOnce);
window.addEventListener("hashchange", drawOnce);
document.addEventListener("inbox:changed", redraw);
applyAtOnce();
sayLess();

const live = document.querySelector("[data-live]");
const bulk = new Bulk(() => following.poll.now());
const following = new Inbox(live, bulk);
const help = keysHelp();
if (live.dataset.keys !== undefined) inboxKeys(bulk, help);
document.addEventListener("inbox:changed", () => {
  bulk.attach();
  following.attach();
});
