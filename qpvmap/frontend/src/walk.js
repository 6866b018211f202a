// A walk on the phone: one stop at a time, three taps a stop. All that is written goes through the
// outbox, so that nothing is lost without signal; the page says it again when it is opened.
import { sendNow } from "./outbox-send.js";
import { newId, READY, SENT, STUCK, watch } from "./outbox-store.js";
import { PhotoChoice } from "./photos-choose.js";
import {
  attempt,
  bodyOf,
  heldHere,
  heldPhotos,
  keep,
  keepPoint,
  page,
  person,
  releasePhotos,
  say,
  send,
  stopPhotos,
  stopsAdded,
  walkNeeded,
  words,
} from "./walk-keep.js";
import {
  allStops,
  markSeen,
  nextAfter,
  openOne,
  openStop,
  showStop,
  stopNamed,
  titleOf,
} from "./walk-stops.js";
import { WalkTrack } from "./walk-track.js";

const PHOTOS_PER_PLACE = 8;
const NEAR_ENOUGH_M = 50;
const END_PATIENCE_MS = 6000;

/* A stop */

const choices = new Map();

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
    attempt(form, async () => {
      const body = bodyOf(form);
      body.note = form.elements.note.value;
      await keep(form, "walk-stop", { label: titleOf(stop), body });
      markSeen(stop.dataset.stop);
      say(stop, words.wKept);
      await goTo(nextAfter(stop).dataset.stop);
    });
  });
  const photos = stop.querySelector("[data-photo-choice]");
  photos.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  photos.dataset.wKept = words.wPhoto;
  const store = stopPhotos(stop.dataset.stop, titleOf(stop));
  choices.set(stop, new PhotoChoice(photos, store, { most: PHOTOS_PER_PLACE }));
  stop.querySelector("[data-point-at]").addEventListener("click", () => pointAt(stop));
}

/** Open a stop; the photos of the one that is left go. */
async function goTo(id, options) {
  const left = openOne();
  openStop(id, options);
  if (left && left.dataset.stop !== id) await letPhotosGo(left);
}

async function letPhotosGo(stop) {
  const photos = await choices.get(stop).taken();
  if (!photos.length) return;
  for (const { blob } of photos) showPhoto(stop, blob);
  await releasePhotos(stop.dataset.stop);
  send();
}

function showPhoto(stop, blob) {
  const item = document.createElement("li");
  item.className = "photo";
  const image = document.createElement("img");
  image.src = URL.createObjectURL(blob);
  image.alt = `Nouvelle photo, ${titleOf(stop)}`;
  item.append(image);
  stop.querySelector("[data-photos]").append(item);
}

function listenToLinks() {
  document.querySelector("[data-stopnav]").addEventListener("click", (event) => {
    const link = event.target.closest("[data-to]");
    if (!link) return;
    event.preventDefault();
    goTo(link.dataset.to);
  });
}

/* A stop that nobody had planned */

/** Gives what is to be told of a tap on the map: while the form is open, the stop is there. */
function listenToNewStop(box) {
  const form = box.querySelector("form");
  const place = form.querySelector("[data-place]");
  const look = () => {
    for (const name of ["lon", "lat"]) form.elements[name].value = "";
    place.textContent = openOne() ? words.wAtStop : words.wNowhere;
    locate(form, (accuracy) => {
      place.textContent = words.wAtFix.replace("{n}", accuracy);
    });
  };
  box.addEventListener("toggle", () => box.open && look());
  if (box.open) look();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!form.elements.lon.value && !openOne()) return say(box, words.wNowhere);
    attempt(form, () => addStop(box, form));
  });
  return ({ map, drop }, isDrawing) => {
    map.on("click", ({ latlng }) => {
      if (!box.open || isDrawing()) return;
      fix = null; // where the phone stands counts no more
      form.elements.lon.value = latlng.lng.toFixed(6);
      form.elements.lat.value = latlng.lat.toFixed(6);
      place.textContent = words.wAtTap;
      drop(latlng);
    });
  };
}

async function addStop(box, form) {
  fix = null;
  const { dataset } = openOne() ?? {};
  for (const name of ["lon", "lat"]) form.elements[name].value ||= dataset[name];
  const body = bodyOf(form);
  const label = body.label ?? words.wNewStop;
  const { id } = await keep(form, "walk-new-stop", { label, body, id: newId() });
  listenToStop(showStop({ id, label, lon: body.lon, lat: body.lat }));
  form.reset();
  box.open = false;
  (await map)?.relist();
  await goTo(id);
  say(openOne(), words.wKept);
}

let map = null;

/** The line drawn by hand, on its way like the rest. */
function keepLine(form, done) {
  return attempt(form, async () => {
    await keep(form, "walk-route", { label: words.wLine });
    done(words.wKept);
  });
}

/* A point along the way */

let fix = null;

/** Fill the place of a form from the phone, if it is known well enough before something else asks. */
function locate(form, onFix) {
  const asked = Symbol("position");
  fix = asked;
  navigator.geolocation?.getCurrentPosition(
    ({ coords }) => {
      if (fix !== asked || coords.accuracy > NEAR_ENOUGH_M) return;
      const accuracy = Math.round(coords.accuracy);
      form.elements.lon.value = coords.longitude.toFixed(6);
      form.elements.lat.value = coords.latitude.toFixed(6);
      onFix(accuracy);
    },
    () => {}, // the place of the stop stands
    { enableHighAccuracy: true, maximumAge: 10000, timeout: 15000 },
  );
}

/** The place of a point is that of its stop, until the phone knows better. */
function atTheStop(form) {
  fix = null;
  for (const name of ["lon", "lat", "accuracy_m", "position_method"])
    form.elements[name].value = "";
  form.querySelector("[data-place]").textContent = "Au lieu de l’arrêt.";
}

function pointAt(stop) {
  const form = document.querySelector("[data-point] form");
  form.elements.stop_id.value = stop.dataset.stop;
  atTheStop(form);
  locate(form, (accuracy) => {
    form.elements.accuracy_m.value = accuracy;
    form.elements.position_method.value = "gps";
    form.querySelector("[data-place]").textContent = words.wAtFix.replace("{n}", accuracy);
  });
}

function pointFault(form) {
  const { kind, category, description } = form.elements;
  if (kind.value === "satisfaction") return description.value.trim() ? "" : words.wMissing;
  return category.value ? "" : words.wCategory;
}

function listenToPoint(box) {
  const form = box.querySelector("form");
  const photos = new PhotoChoice(box.querySelector("[data-photo-choice]"), heldPhotos, {
    most: PHOTOS_PER_PLACE,
  });
  const show = () => {
    const isGood = form.elements.kind.value === "satisfaction";
    for (const part of box.querySelectorAll("[data-defect]")) part.hidden = isGood;
  };
  form.addEventListener("change", show);
  show();
  // Another stop than the one the phone stands at: the place is that stop's.
  form.elements.stop_id.addEventListener("change", () => atTheStop(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fault = pointFault(form);
    if (fault) return say(box, fault);
    attempt(form, () => notePoint(box, form, photos));
  });
}

async function notePoint(box, form, photos) {
  await photos.settled();
  const body = placed(bodyOf(form));
  const isGood = body.kind === "satisfaction";
  if (isGood) delete body.category;
  const category = form.elements.category.selectedOptions[0]?.textContent ?? "";
  const label = isGood ? body.description : category;
  await keepPoint(form, { label, body, photos: photos.chosen });
  await photos.taken();
  const stop = form.elements.stop_id.value;
  form.reset();
  form.elements.stop_id.value = stop;
  form.dispatchEvent(new Event("change"));
  fix = null;
  say(box, words.wKept);
  await showWaiting();
}

/** A point at a stop that the site may refuse still says where it is. */
function placed(body) {
  if (body.lon || /^\d+$/.test(body.stop_id)) return body;
  const { lon, lat } = stopNamed(body.stop_id).dataset;
  return { ...body, lon, lat, position_method: "pin" };
}

/* The end: decisions, and that the walk is over */

function listenToDecisions(box) {
  const form = box.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { what, team, owner } = form.elements;
    const isWhole = what.value.trim() && (team.value || owner.value.trim());
    if (!isWhole) return say(form, words.wDecision);
    attempt(form, async () => {
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

/** With network it ends at once and shows the report; without, or when nobody answers, it waits. */
function listenToEnd(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    attempt(form, async () => {
      await releasePhotos();
      const label = document.querySelector("h1").textContent;
      const { id } = await keep(form, "walk-end", { label });
      const record = await sendNow(id, END_PATIENCE_MS);
      if (record?.state === SENT) return window.location.assign(record.answer.href);
      if (record?.state === STUCK) return say(form, record.last_error);
      const clock = new Date().toLocaleTimeString("fr-FR", { hour: "2-digit", minute: "2-digit" });
      say(form, words.wEnded.replace("{n}", clock));
    }).finally(() => {
      button.disabled = false;
    });
  });
}

/* What this phone still holds of the walk */

async function showWaiting() {
  const left = await heldHere();
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

/** Put back what was written before the page was opened again, and is not sent yet. */
async function fillAgain() {
  for (const added of await stopsAdded()) {
    if (!stopNamed(added.id)) listenToStop(showStop(added));
  }
  for (const { kind, body, state } of await heldHere()) {
    if (kind !== "walk-stop" || (state !== READY && state !== STUCK)) continue;
    const form = stopNamed(body.stop_id)?.querySelector('[data-send="walk-stop"]');
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

/** Open the stop that the address asks for, else the first where nobody was. */
async function openFirst() {
  const stops = allStops();
  if (!stops.length) return;
  const asked = stopNamed(new URLSearchParams(location.search).get("arret"));
  const open = asked ?? stops.find(({ dataset }) => dataset.seen === undefined) ?? stops[0];
  openStop(open.dataset.stop, { focus: false });
  for (const stop of stops) if (stop !== open) await letPhotosGo(stop).catch(() => {});
}

async function begin() {
  if (!page || !("indexedDB" in globalThis)) return;
  for (const stop of allStops()) listenToStop(stop);
  await fillAgain().catch(() => {});
  listenToPoint(document.querySelector("[data-point]"));
  listenToLinks();
  await openFirst();
  const added = document.querySelector("[data-new-stop]");
  const onMap = added && listenToNewStop(added);
  watch(() => showWaiting().catch(() => {}));
  await showWaiting().catch(() => {});
  const decisions = document.querySelector("[data-decide]");
  if (decisions) listenToDecisions(decisions);
  const end = document.querySelector('[data-send="walk-end"]');
  if (end) listenToEnd(end);
  const track = document.querySelector("form[data-route]");
  if (track) new WalkTrack(track, { walk: words.walk, person, needs: walkNeeded, send });
  send();
  keepPage();
  const frame = document.querySelector("[data-walk-map]");
  if (!frame) return;
  map = import("./walk-map.js").then(({ walkMap }) => walkMap(frame)).catch(() => null);
  const shown = await map;
  if (!shown) return;
  const line = document.querySelector("[data-route-form]");
  const isDrawing = line ? shown.draw(line, (done) => keepLine(line, done)) : () => false;
  if (onMap) onMap(shown, isDrawing);
}

begin();
