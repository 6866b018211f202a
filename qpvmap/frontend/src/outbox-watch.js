// On every page: how many records wait, whether the network answers, and sending when it can.
import { kindOf } from "./outbox-kinds.js";
import { nextTryIn, sendAll } from "./outbox-send.js";
import { allRecords, DRAFT, READY, STUCK, watch } from "./outbox-store.js";

const LEAST_PAUSE_MS = 2000;
const AWAY_PAUSE_MS = 30000;
const SYNC_TAG = "envois";
const byId = (id) => document.getElementById(id);

export const personHere = () => document.body.dataset.person ?? "";

/** Whose list this is: one's own records, and those made on this phone without an account. */
export const isMine = ({ person }) => person === "" || person === personHere();

let timer = null;

/** Send what waits, then plan the next try; later when nobody answers, or somebody must sign in. */
export async function sendWaiting(options = {}) {
  clearTimeout(timer);
  const said = await sendAll(options).catch(() => null);
  if (said) showNetwork(said);
  const due = await nextTryIn().catch(() => null);
  if (due === null) return said;
  const least = said?.offline || said?.expired ? AWAY_PAUSE_MS : LEAST_PAUSE_MS;
  timer = setTimeout(sendWaiting, Math.max(due, least));
  return said;
}

const handedOver = new Set();

/** Have the browser send what waits even if this page is closed, where it knows how to: asked once. */
async function askForSync(all) {
  const ready = all.filter(({ id, state }) => state === READY && !handedOver.has(id));
  for (const { id } of ready) handedOver.add(id);
  if (!ready.length) return;
  const registration = await navigator.serviceWorker?.getRegistration("/");
  await registration?.sync?.register(SYNC_TAG);
}

function showNetwork({ offline, expired, person = null }) {
  const away = byId("hors-reseau");
  if (away) away.hidden = navigator.onLine && !offline;
  const session = byId("session-finie");
  if (session) session.hidden = !expired || person !== "";
}

async function lookAround() {
  const all = await allRecords();
  showCount(all.filter(isMine));
  await askForSync(all);
}

function showCount(mine) {
  const count = mine.filter(({ state, needs }) => isWaiting(state) && !needs.length).length;
  const left = mine.filter(({ state }) => isWaiting(state)).length;
  const link = byId("a-envoyer");
  if (!link) return;
  link.hidden = left === 0;
  link.querySelector("b").textContent = String(count || left);
  link.classList.toggle(
    "is-stuck",
    mine.some(({ state }) => state === STUCK),
  );
}

const isWaiting = (state) => state === READY || state === STUCK;

/** Ask before somebody leaves with records that only they can send. */
function guardLeaving() {
  const dialog = byId("partir");
  if (!dialog) return;
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.getAttribute("action") !== "/deconnexion" || form.dataset.sure) return;
    event.preventDefault();
    const left = await unsent();
    if (!left) return leave(form);
    dialog.querySelector("[data-count]").textContent = left;
    dialog.returnValue = "";
    dialog.addEventListener("close", () => dialog.returnValue === "partir" && leave(form), {
      once: true,
    });
    dialog.showModal();
  });
}

function leave(form) {
  form.dataset.sure = "oui";
  form.submit();
}

/** What this person has not sent, in words: `3 signalements, 2 photos`; empty when all is sent. */
async function unsent() {
  const all = await allRecords().catch(() => []);
  const mine = all.filter(
    ({ person, state }) => person === personHere() && (isWaiting(state) || state === DRAFT),
  );
  return inWords(mine);
}

/** Records in words, by kind: `3 arrêts de marche, 2 photos`. */
export function inWords(records) {
  const counts = new Map();
  for (const record of records) {
    const kind = kindOf(record);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, n]) => counted(kind, n)).join(", ");
}

export const counted = ({ name, many }, n) =>
  n === 1 ? `1 ${name.toLowerCase()}` : many.replace("{n}", n);

export function watchOutbox() {
  if (!("indexedDB" in globalThis)) return;
  guardLeaving();
  watch(() => lookAround().catch(() => {}));
  lookAround().catch(() => {});
  showNetwork({ offline: false, expired: false });
  window.addEventListener("online", () => sendWaiting({ hurry: true }));
  window.addEventListener("offline", () => showNetwork({ offline: true }));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") sendWaiting();
  });
  sendWaiting();
}
