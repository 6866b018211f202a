// The stops of a walk on the page: one open at a time; one more where nobody had planned any.
import { words } from "./walk-keep.js";

const known = () => [...document.querySelectorAll("[data-stop]")];
const link = (id) => document.querySelector(`[data-stopnav] [data-to="${CSS.escape(id)}"]`);
const nav = () => document.querySelector("[data-stopnav]");

export const allStops = known;
export const titleOf = (stop) => stop.querySelector("h2").textContent;

/** A stop by its key on the server, or by what a phone drew for it. */
export function stopNamed(id) {
  return known().find(({ dataset }) => dataset.stop === id || dataset.key === id);
}

export const openOne = () => known().find(({ hidden }) => !hidden) ?? null;

export function openStop(id, { focus = true } = {}) {
  for (const stop of known()) stop.hidden = stop.dataset.stop !== id;
  for (const one of nav().querySelectorAll("[data-to]")) {
    if (one.dataset.to === id) one.setAttribute("aria-current", "step");
    else one.removeAttribute("aria-current");
  }
  const form = document.querySelector("[data-point] form");
  if (form) form.elements.stop_id.value = id;
  link(id)?.scrollIntoView({ block: "nearest", inline: "center" });
  if (!focus) return;
  const open = openOne();
  open?.scrollIntoView({ block: "start" });
  open?.querySelector("h2").focus({ preventScroll: true });
}

export function nextAfter(stop) {
  const stops = known();
  const at = stops.indexOf(stop);
  const later = [...stops.slice(at + 1), ...stops.slice(0, at)];
  return later.find(({ dataset }) => dataset.seen === undefined) ?? stops[at + 1] ?? stop;
}

function count() {
  const stops = known();
  const seen = stops.filter(({ dataset }) => dataset.seen !== undefined).length;
  const said = document.querySelector("[data-progress]");
  said.textContent = words.wCount.replace("{n}", seen).replace("{total}", stops.length);
  Object.assign(said.previousElementSibling, { max: stops.length, value: seen });
}

export function markSeen(id) {
  const stop = stopNamed(id);
  if (!stop) return;
  stop.dataset.seen = "";
  link(stop.dataset.stop)?.classList.add("done");
  count();
}

/** Put `values` in the place of `{name}` in all attributes and texts: never as HTML. */
function fillIn(root, values) {
  const filled = (text) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  for (const element of [root, ...root.querySelectorAll("*")]) {
    for (const attribute of element.attributes) attribute.value = filled(attribute.value);
  }
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = filled(texts.currentNode.data);
}

/** Show one more stop, the last; gives its element. */
export function showStop({ id, label, lon, lat }) {
  const before = known();
  const n = before.length + 1;
  const stop = document.getElementById("arret-modele").content.firstElementChild.cloneNode(true);
  fillIn(stop, { arret: id, n, nom: label });
  Object.assign(stop.dataset, { lon, lat });
  stop.hidden = true;
  const last = before.at(-1) ?? document.querySelector("[data-no-stop]");
  last.after(stop);
  document.querySelector("[data-no-stop]")?.setAttribute("hidden", "");
  nav().append(navLink(id, n));
  document
    .querySelector("[data-point] form")
    .elements.stop_id.append(new Option(`Arrêt ${n}. ${label}`, id));
  for (const part of document.querySelectorAll("[data-with-stops]")) part.hidden = false;
  count();
  return stop;
}

function navLink(id, n) {
  const found = document.createElement("a");
  found.href = `#arret-${id}`;
  found.dataset.to = id;
  found.textContent = n;
  found.setAttribute("aria-label", `Arrêt ${n}`);
  return found;
}
