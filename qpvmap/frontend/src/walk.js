// A walk on the phone: one stop at a time, three taps a stop. All that is written goes through the
// outbox, so that nothing is lost without signal; the page says it again when it is opened.
import { submitNow, tellKept, tellNotKept } from "./keeping.js";
import { sendAll } from "./outbox-send.js";
import {
  allRecords,
  forgetBlob,
  keepBlob,
  keepRecord,
  newId,
  READY,
  STUCK,
  watch,
} from "./outbox-store.js";
import { shrink, Unreadable } from "./shrink.js";
import { WalkTrack } from "./walk-track.js";

const page = document.querySelector("[data-walk]");
const person = document.body.dataset.person ?? "";
const words = page?.dataset ?? {};
const stops = [...document.querySelectorAll("[data-stop]")];
const links = new Map(
  [...document.querySelectorAll("[data-stopnav] [data-to]")].map((a) => [a.dataset.to, a]),
);

/* One stop at a time */

function openStop(id, { focus = true } = {}) {
  for (const stop of stops) stop.hidden = stop.dataset.stop !== id;
  for (const [to, link] of links) {
    if (to === id) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
  }
  const form = document.querySelector("[data-point] form");
  if (form) form.elements.stop_id.value = id;
  links.get(id)?.scrollIntoView({ block: "nearest", inline: "center" });
  if (!focus) return;
  const open = stops.find(({ dataset }) => dataset.stop === id);
  open?.scrollIntoView({ block: "start" });
  open?.querySelector("h2").focus({ preventScroll: true });
}

function nextAfter(stop) {
  const at = stops.indexOf(stop);
  const later = [...stops.slice(at + 1), ...stops.slice(0, at)];
  return later.find(({ dataset }) => dataset.seen === undefined) ?? stops[at + 1] ?? stop;
}

function markSeen(id) {
  const stop = stops.find(({ dataset }) => dataset.stop === id);
  if (!stop) return;
  stop.dataset.seen = "";
  links.get(id)?.classList.add("done");
  const seen = stops.filter(({ dataset }) => dataset.seen !== undefined).length;
  const count = document.querySelector("[data-progress]");
  count.textContent = words.wCount.replace("{n}", seen).replace("{total}", stops.length);
  count.previousElementSibling.value = seen;
}

/* Keeping what is written */

/** The fields of a form as a record's body: no token, no file, no empty field. */
function bodyOf(form) {
  const body = {};
  for (const [name, value] of new FormData(form)) {
    if (name === "csrf_token" || name === "client_id" || value instanceof File) continue;
    if (value !== "") body[name] = value;
  }
  body.captured_at = body.captured_at || new Date().toISOString();
  return body;
}

function say(box, text) {
  const place = box.querySelector("[data-said]");
  if (place) place.textContent = text;
}

function send() {
  sendAll().catch(() => {}); // without network it waits; other pages and the worker try again
}

async function keep(form, kind, { label, needs = [], body = bodyOf(form) }) {
  const url = new URL(form.action).pathname;
  return keepRecord({ id: newId(), kind, url, body, needs, label, person });
}

async function keepPhoto(file, { url, body, needs = [], label }) {
  const blob = await shrink(file);
  const id = newId();
  const kept = { id, kind: "walk-photo", url, body, needs, label, person };
  await keepBlob({ id, record: id, blob });
  await keepRecord(kept).catch((error) => forgetBlob(id).then(() => Promise.reject(error)));
  return URL.createObjectURL(blob);
}

/** Do it; a phone that cannot keep says so, and the form goes as it is to a site that answers. */
async function attempt(box, form, work) {
  try {
    await work();
    tellKept();
    send();
  } catch (error) {
    if (error instanceof Unreadable) return say(box, words.wUnreadable);
    tellNotKept(error);
    await submitNow(form);
  }
}

/* A stop */

function titleOf(stop) {
  return stop.querySelector("h2").textContent;
}

function listenToStop(stop) {
  const form = stop.querySelector('[data-send="walk-stop"]');
  form.querySelector('[data-do="tout-bon"]').addEventListener("click", () => {
    for (const choice of form.querySelectorAll('input[value="good"]')) {
      const isSaid = form.querySelector(`input[name="${choice.name}"]:checked`);
      if (!isSaid) choice.checked = true;
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(stop, form, async () => {
      const body = bodyOf(form);
      body.note = form.elements.note.value;
      await keep(form, "walk-stop", { label: titleOf(stop), body });
      markSeen(stop.dataset.stop);
      say(stop, words.wKept);
      openStop(nextAfter(stop).dataset.stop);
    });
  });
  const photo = stop.querySelector('[data-send="walk-photo"]');
  photo.addEventListener("submit", (event) => event.preventDefault());
  photo.elements.photo.addEventListener("change", () => takePhoto(stop, photo));
  stop.querySelector("[data-point-at]").addEventListener("click", () => pointAt(stop));
}

function takePhoto(stop, form) {
  const [file] = form.elements.photo.files;
  if (!file) return;
  attempt(stop, form, async () => {
    const body = { stop_id: stop.dataset.stop, captured_at: new Date().toISOString() };
    const url = new URL(form.action).pathname;
    const shown = await keepPhoto(file, { url, body, label: titleOf(stop) });
    form.elements.photo.value = "";
    showPhoto(stop, shown);
    say(stop, words.wPhoto);
  });
}

function showPhoto(stop, address) {
  const item = document.createElement("li");
  item.className = "photo";
  const image = document.createElement("img");
  image.src = address;
  image.alt = `Nouvelle photo, ${titleOf(stop)}`;
  item.append(image);
  stop.querySelector("[data-photos]").append(item);
}

/* A point along the way */

let fix = null;

function locate(form) {
  const place = form.querySelector("[data-place]");
  for (const name of ["lon", "lat", "accuracy_m", "position_method"])
    form.elements[name].value = "";
  place.textContent = "Au lieu de l’arrêt.";
  const asked = Symbol("position");
  fix = asked;
  navigator.geolocation?.getCurrentPosition(
    ({ coords }) => {
      if (fix !== asked || coords.accuracy > 50) return;
      form.elements.lon.value = coords.longitude.toFixed(6);
      form.elements.lat.value = coords.latitude.toFixed(6);
      form.elements.accuracy_m.value = Math.round(coords.accuracy);
      form.elements.position_method.value = "gps";
      place.textContent = `À votre position, à ${Math.round(coords.accuracy)} m près.`;
    },
    () => {}, // the place of the stop stands
    { enableHighAccuracy: true, maximumAge: 10000, timeout: 15000 },
  );
}

function pointAt(stop) {
  const form = document.querySelector("[data-point] form");
  form.elements.stop_id.value = stop.dataset.stop;
  locate(form);
}

function pointFault(form) {
  const { kind, category, description } = form.elements;
  if (kind.value === "satisfaction") return description.value.trim() ? "" : words.wMissing;
  return category.value ? "" : words.wCategory;
}

function listenToPoint(box) {
  const form = box.querySelector("form");
  const chosen = box.querySelector("[data-chosen]");
  const show = () => {
    const isGood = form.elements.kind.value === "satisfaction";
    for (const part of box.querySelectorAll("[data-defect]")) part.hidden = isGood;
  };
  const photo = form.elements.photo;
  photo.addEventListener("change", () => {
    chosen.textContent = photo.files.length ? chosen.dataset.wOne : chosen.dataset.wNone;
  });
  form.addEventListener("change", show);
  show();
  // Another stop than the one the phone stands at: the place is that stop's.
  form.elements.stop_id.addEventListener("change", () => {
    fix = null;
    for (const name of ["lon", "lat", "accuracy_m", "position_method"])
      form.elements[name].value = "";
    form.querySelector("[data-place]").textContent = "Au lieu de l’arrêt.";
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fault = pointFault(form);
    if (fault) return say(box, fault);
    attempt(box, form, () => keepPoint(box, form));
  });
}

async function keepPoint(box, form) {
  const body = bodyOf(form);
  const isGood = body.kind === "satisfaction";
  if (isGood) delete body.category;
  const [file] = form.elements.photo.files;
  const category = form.elements.category.selectedOptions[0]?.textContent ?? "";
  const label = isGood ? body.description : category;
  const record = await keep(form, "walk-point", { label, body });
  if (file) {
    const url = new URL(document.querySelector('[data-send="walk-photo"]').action).pathname;
    const about = { point: record.id, captured_at: body.captured_at };
    await keepPhoto(file, { url, body: about, needs: [record.id], label });
  }
  const stop = form.elements.stop_id.value;
  form.reset();
  form.elements.stop_id.value = stop;
  form.dispatchEvent(new Event("change"));
  form.elements.photo.dispatchEvent(new Event("change"));
  fix = null;
  say(box, words.wKept);
  await showWaiting();
}

/* The end: decisions, and that the walk is over */

function listenToDecisions(box) {
  const form = box.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { what, team, owner } = form.elements;
    const isWhole = what.value.trim() && (team.value || owner.value.trim());
    if (!isWhole) return say(form, words.wDecision);
    attempt(form, form, async () => {
      const body = bodyOf(form);
      const references = new FormData(form).getAll("reference");
      body.references = [body.references ?? "", ...references].join(" ").trim();
      delete body.reference;
      await keep(form, "walk-decision", { label: what.value.trim(), body });
      form.reset();
      say(form, words.wKept);
      await showWaiting();
    });
  });
}

/** Online it ends at once and shows the report; without signal it waits with the rest. */
function listenToEnd(form) {
  form.addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    attempt(form, form, async () => {
      await keep(form, "walk-end", { label: document.querySelector("h1").textContent });
      const clock = new Date().toLocaleTimeString("fr-FR", { hour: "2-digit", minute: "2-digit" });
      say(form, words.wEnded.replace("{n}", clock));
    });
  });
}

/* What this phone still holds of the walk */

const isHere = ({ url, person: whose, state }) =>
  whose === person &&
  (state === READY || state === STUCK) &&
  url.startsWith(`/parcours/marches/${words.walk}/`);

async function showWaiting() {
  const left = (await allRecords()).filter(isHere);
  showIn(document.querySelector("[data-points]"), left, "walk-point");
  showIn(document.querySelector("[data-decisions]"), left, "walk-decision");
}

function showIn(list, left, wanted) {
  if (!list) return;
  for (const old of list.querySelectorAll("[data-waiting]")) old.remove();
  const mine = left.filter(({ kind }) => kind === wanted);
  list.append(...mine.map(({ label }) => waitingItem(label, list.dataset.wWaiting)));
  const empty = list.querySelector("[data-empty]");
  if (empty) empty.hidden = mine.length > 0;
}

function waitingItem(label, waiting) {
  const item = document.createElement("li");
  item.className = "is-kept";
  item.dataset.waiting = "";
  const mark = document.createElement("span");
  mark.className = "is-waiting";
  mark.textContent = waiting;
  item.append(`${label} `, mark);
  return item;
}

/** Put back in the forms what was written before the page was opened again, and is not sent yet. */
async function fillAgain() {
  for (const { kind, body, state } of (await allRecords()).filter(isHere)) {
    if (kind !== "walk-stop" || (state !== READY && state !== STUCK)) continue;
    const stop = stops.find(({ dataset }) => dataset.stop === body.stop_id);
    const form = stop?.querySelector('[data-send="walk-stop"]');
    if (!form) continue;
    for (const [name, value] of Object.entries(body)) {
      const field = form.elements[name];
      if (field && name !== "stop_id") field.value = value;
    }
    markSeen(body.stop_id);
  }
}

/** Ask that this page opens without network: the first visit may come before the service worker. */
async function keepPage() {
  const registration = await navigator.serviceWorker?.ready;
  registration?.active?.postMessage({ type: "keep", path: location.pathname });
}

async function begin() {
  if (!page || !("indexedDB" in globalThis)) return;
  for (const stop of stops) listenToStop(stop);
  const box = document.querySelector("[data-point]");
  if (box) listenToPoint(box);
  for (const [id, link] of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      openStop(id);
    });
  }
  await fillAgain().catch(() => {});
  const open = stops.find(({ dataset }) => dataset.seen === undefined) ?? stops[0];
  const asked = new URLSearchParams(location.search).get("arret");
  if (stops.length) openStop(links.has(asked) ? asked : open.dataset.stop, { focus: false });
  watch(() => showWaiting().catch(() => {}));
  await showWaiting().catch(() => {});
  const decisions = document.querySelector("[data-decide]");
  if (decisions) listenToDecisions(decisions);
  const end = document.querySelector('[data-send="walk-end"]');
  if (end) listenToEnd(end);
  const track = document.querySelector("form[data-route]");
  if (track) new WalkTrack(track, { walk: words.walk, person, send });
  send();
  keepPage();
  const frame = document.querySelector("[data-walk-map]");
  if (frame) import("./walk-map.js").then(({ walkMap }) => walkMap(frame));
}

begin();
