// What this phone keeps until the server has it: records, their photos, and a few notes. In IndexedDB,
// so that pages and the service worker share it. docs/outbox.md says how to add a kind of record.
//
// A record: {id, kind, url, body, needs, label, person, state, created_at, tries, next_try_at,
// last_error, fields, answer, sent_at}. `id` is a UUID drawn on the phone: the server takes it as the
// key that makes a second sending harmless. `needs` are the ids that must be accepted before it.

const NAME = "qpvmap";
const VERSION = 2;
const OPENING_MS = 4000;
const SENT_KEPT_MS = 7 * 24 * 3600 * 1000;

export const DRAFT = "draft";
export const READY = "ready";
export const STUCK = "stuck";
export const SENT = "sent";

const BLANK = {
  needs: [],
  body: {},
  label: "",
  person: "",
  state: READY,
  tries: 0,
  next_try_at: 0,
  last_error: "",
  fields: {},
};

/** A version 4 UUID, also where crypto.randomUUID is missing (pages served without HTTPS). */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/* The database */

function upgrade({ target: { result: database, transaction } }) {
  const records = database.createObjectStore("records", { keyPath: "id" });
  database.createObjectStore("notes");
  const blobs = database.createObjectStore("blobs", { keyPath: "id" });
  blobs.createIndex("record", "record");
  // Photos that an earlier version kept beside the one draft: still those of that draft.
  if (!database.objectStoreNames.contains("photos")) return;
  transaction.objectStore("photos").getAll().onsuccess = ({ target }) => {
    for (const { owner, ...photo } of target.result) {
      blobs.put({ ...photo, record: photo.id });
      records.put(photoOf(photo, owner));
    }
    database.deleteObjectStore("photos");
  };
}

const photoOf = ({ id, at }, owner) => ({
  ...BLANK,
  id,
  kind: "photo",
  url: `/envois/signalements/${owner}/photos`,
  needs: [owner],
  body: { moment: "before" },
  state: DRAFT,
  created_at: new Date(at).toISOString(),
});

/** Another page of the site holds an older version open, or the browser does not answer. */
class Blocked extends Error {}

let opening = null;

function opened() {
  opening ??= open(VERSION).catch((error) => {
    // A newer version of the site was here already: what it holds, this page may still add to.
    if (error?.name === "VersionError") return open();
    throw error;
  });
  opening.catch(() => {
    opening = null;
  });
  return opening;
}

function open(version) {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, version);
    const giveUp = () => reject(new Blocked("the database does not open"));
    const timer = setTimeout(giveUp, OPENING_MS);
    asked.onblocked = giveUp;
    asked.onupgradeneeded = upgrade;
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => {
      clearTimeout(timer);
      follow(asked.result);
      resolve(asked.result);
    };
  });
}

function follow(database) {
  // Another tab that brings a newer version must not wait for this one.
  database.onversionchange = () => {
    database.close();
    opening = null;
  };
  database.onclose = () => {
    opening = null;
  };
  opening = Promise.resolve(database); // also when it opened after all, late
}

const asked = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Do `work({records, blobs, notes})` in one transaction; its result, once it is surely written. */
async function inStores(mode, work) {
  const database = await opened();
  const names = ["records", "blobs", "notes"];
  const transaction = database.transaction(names, mode, { durability: "strict" });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  const stores = Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)]));
  try {
    const result = await work(stores);
    await done;
    return result;
  } catch (error) {
    done.catch(() => {}); // one error is told once
    if (transaction.error === null) transaction.abort();
    throw transaction.error ?? error;
  }
}

/* Telling the other tabs, the service worker and this page */

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("qpvmap-outbox") : null;
const watchers = new Set();

function tell() {
  channel?.postMessage("changed");
  for (const watcher of watchers) watcher();
}

channel?.addEventListener("message", () => {
  for (const watcher of watchers) watcher();
});

/** Call `watcher()` after each change, made here or elsewhere. Returns what stops it. */
export function watch(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

async function written(work) {
  const result = await inStores("readwrite", work);
  tell();
  return result;
}

/* Records */

/** Add a record, or put a draft in the place of its former self. */
export function keepRecord(values) {
  const record = { ...BLANK, created_at: new Date().toISOString(), ...values };
  return written(({ records }) => asked(records.put(record))).then(() => record);
}

export function recordOf(id) {
  return inStores("readonly", ({ records }) => asked(records.get(id)));
}

/** Every record, oldest first. */
export async function allRecords() {
  const found = await inStores("readonly", ({ records }) => asked(records.getAll()));
  return found.sort((one, other) => one.created_at.localeCompare(other.created_at));
}

/** Those that wait to be sent, be it for the network or for their author. */
export async function waiting() {
  return (await allRecords()).filter(({ state }) => state === READY || state === STUCK);
}

export async function recordsThatNeed(id) {
  return (await allRecords()).filter(({ needs }) => needs.includes(id));
}

/**
 * Change a record as it is now: `change(record)` gives what to put in its place, or nothing to leave
 * it. Returns what was written, or null: it may have been sent, or dropped, in the meantime.
 */
export function changeRecord(id, change) {
  return written(async ({ records }) => {
    const found = await asked(records.get(id));
    const changed = found && change(found);
    if (!changed) return null;
    await asked(records.put(changed));
    return changed;
  });
}

/** Let a draft go, with the drafts that need it (its photos). Returns whether it was one. */
export function release(id) {
  const at = { state: READY, tries: 0, next_try_at: 0, last_error: "", fields: {} };
  return written(async ({ records }) => {
    const found = await asked(records.getAll());
    const mine = found.filter((one) => one.id === id || one.needs.includes(id));
    const leaving = mine.filter(({ state }) => state === DRAFT || state === STUCK);
    for (const one of leaving) await asked(records.put({ ...one, ...at }));
    return leaving.some((one) => one.id === id);
  });
}

/** Take a record back from what waits, with those that need it, to be edited. */
export function takeBack(id) {
  return written(async ({ records }) => {
    const found = await asked(records.getAll());
    const mine = found.filter((one) => one.id === id || one.needs.includes(id));
    const back = mine.filter(({ state }) => state === READY || state === STUCK);
    for (const one of back) await asked(records.put({ ...one, state: DRAFT }));
    return back.find((one) => one.id === id) ?? null;
  });
}

/** Forget a record, its blobs, and all that needs it. */
export function dropRecord(id) {
  return written(async (stores) => {
    const found = await asked(stores.records.getAll());
    const gone = new Set([id]);
    for (let size = 0; size !== gone.size; ) {
      size = gone.size;
      for (const one of found) if (one.needs.some((need) => gone.has(need))) gone.add(one.id);
    }
    for (const one of gone) await forgetWhole(stores, one);
  });
}

async function forgetWhole({ records, blobs }, id) {
  await asked(records.delete(id));
  for (const key of await asked(blobs.index("record").getAllKeys(id)))
    await asked(blobs.delete(key));
}

/** The server has it: keep what it answered for some days, and no photo any more. */
export function settle(id, answer, at = Date.now()) {
  return written(async ({ records, blobs }) => {
    const found = await asked(records.get(id));
    if (!found) return;
    const done = { state: SENT, answer, sent_at: at, last_error: "", fields: {}, body: {} };
    await asked(records.put({ ...found, ...done }));
    for (const key of await asked(blobs.index("record").getAllKeys(id))) {
      await asked(blobs.delete(key));
    }
  });
}

/** Forget what was sent long ago. */
export async function forgetSent(before = Date.now() - SENT_KEPT_MS) {
  for (const { id, state, sent_at } of await allRecords()) {
    if (state === SENT && sent_at < before) {
      await inStores("readwrite", (stores) => forgetWhole(stores, id));
    }
  }
}

/* Blobs: photos, drawings… Bytes, not a Blob: every browser keeps those. */

export async function keepBlob({ id, record, blob, at = Date.now() }) {
  const kept = { id, record, at, type: blob.type, bytes: await blob.arrayBuffer() };
  return written(({ blobs }) => asked(blobs.put(kept)));
}

const asBlob = ({ bytes, type, ...rest }) => ({ ...rest, blob: new Blob([bytes], { type }) });

/** What is kept with a record, oldest first: `[{id, record, at, blob}]`. */
export async function blobsOf(record) {
  const found = await inStores("readonly", ({ blobs }) =>
    asked(blobs.index("record").getAll(record)),
  );
  return found.sort((one, other) => one.at - other.at).map(asBlob);
}

/** The photos of records, in their order: `[{id, blob}]`. */
export async function photosOf(records) {
  const photos = [];
  for (const { id } of records) {
    const [kept] = await blobsOf(id);
    if (kept) photos.push({ id, blob: kept.blob });
  }
  return photos;
}

export function forgetBlob(id) {
  return written(({ blobs }) => asked(blobs.delete(id)));
}

/* Notes: a few values that pages and the service worker share */

export function note(key) {
  return inStores("readonly", ({ notes }) => asked(notes.get(key)));
}

export function setNote(key, value) {
  return inStores("readwrite", ({ notes }) => asked(notes.put(value, key)));
}

/* The phone's own storage */

/** Ask the browser not to clear this storage by itself; it may say no. */
export async function askToPersist() {
  try {
    return (await navigator.storage?.persisted?.()) || (await navigator.storage?.persist?.());
  } catch {
    return false;
  }
}

export const isFull = (error) => error?.name === "QuotaExceededError";

/** Why something was not kept: "full", "blocked" by another page of the site, or "refused". */
export function whyNotKept(error) {
  if (isFull(error)) return "full";
  return error instanceof Blocked ? "blocked" : "refused";
}
