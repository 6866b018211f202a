// What is written along a walk, on its way to the outbox: nothing of it is lost without signal.
import { submitNow, tellKept, tellNotKept } from "./keeping.js";
import { sendAll } from "./outbox-send.js";
import {
  allRecords,
  blobsOf,
  DRAFT,
  dropRecord,
  forgetBlob,
  keepBlob,
  keepRecord,
  newId,
  photosOf,
  READY,
  release,
  STUCK,
} from "./outbox-store.js";

export const page = document.querySelector("[data-walk]");
export const person = document.body.dataset.person ?? "";
export const words = page?.dataset ?? {};
const base = `/parcours/marches/${words.walk}/`;

/** The fields of a form as a record's body: no token, no file, no empty field. */
export function bodyOf(form) {
  const body = {};
  for (const [name, value] of new FormData(form)) {
    if (name === "csrf_token" || name === "client_id" || value instanceof File) continue;
    if (value !== "") body[name] = value;
  }
  body.captured_at = body.captured_at || new Date().toISOString();
  return body;
}

export function say(box, text) {
  const place = box.querySelector("[data-said]");
  if (place) place.textContent = text;
}

export function send() {
  sendAll().catch(() => {}); // without network it waits; other pages and the worker try again
}

/** Do it; a phone that cannot keep says so, and the form goes as it is to a site that answers. */
export async function attempt(form, work) {
  try {
    await work();
    tellKept();
    send();
  } catch (error) {
    tellNotKept(error);
    await submitNow(form);
  }
}

const isDrawn = (id) => Boolean(id) && !/^\d+$/.test(id);

/** A walk that this phone began without network goes first. */
export const walkNeeded = isDrawn(words.walk) ? [words.walk] : [];

/** A stop that this phone added is known by the identifier it drew: what is said there comes after. */
const needed = ({ stop_id: stop }) => [...walkNeeded, ...(isDrawn(stop) ? [stop] : [])];

export function keep(form, kind, { label, body = bodyOf(form), id = newId() }) {
  const url = form.dataset.url ?? new URL(form.action).pathname;
  return keepRecord({ id, kind, url, body, needs: needed(body), label, person });
}

/* Photos */

const photoUrl = `${base}photos`;

const photoOf = (id, { body, label, needs = needed(body), state = READY }) => ({
  id,
  kind: "walk-photo",
  url: photoUrl,
  body,
  needs,
  label,
  person,
  state,
});

/** The photos of a stop: drafts, that can be blackened or removed, until one leaves the stop. */
export function stopPhotos(stop, label) {
  const isHere = ({ kind, state, person: whose, url, body }) =>
    kind === "walk-photo" &&
    state === DRAFT &&
    whose === person &&
    url === photoUrl &&
    body.stop_id === stop;
  return {
    all: async () => photosOf((await allRecords()).filter(isHere)),
    forget: dropRecord,
    async keep(id, blob) {
      const isNew = !(await blobsOf(id)).length;
      await keepBlob({ id, record: id, blob });
      if (!isNew) return;
      const body = { stop_id: stop, captured_at: new Date().toISOString() };
      try {
        await keepRecord(photoOf(id, { body, label, state: DRAFT }));
      } catch (error) {
        await forgetBlob(id);
        throw error;
      }
    },
  };
}

/** The photos of a point that is not noted yet: in this page alone. */
export const heldPhotos = { all: async () => [], keep: async () => {}, forget: async () => {} };

/** Keep a point and its photos, all or nothing. */
export async function keepPoint(form, { label, body, photos }) {
  const id = newId();
  for (const photo of photos) {
    await keepBlob({ id: photo.id, record: photo.id, blob: photo.blob });
  }
  await keep(form, "walk-point", { label, body, id });
  const about = {
    body: { point: id, captured_at: body.captured_at },
    label,
    needs: [...walkNeeded, id],
  };
  for (const photo of photos) await keepRecord(photoOf(photo.id, about));
}

/** Let the photos of a stop go; those of all of them without one. */
export async function releasePhotos(stop = null) {
  const isOf = ({ kind, state, person: whose, url }) =>
    kind === "walk-photo" && state === DRAFT && whose === person && url === photoUrl;
  for (const { id, body } of (await allRecords()).filter(isOf)) {
    if (stop === null || body.stop_id === stop) await release(id);
  }
}

/* What this phone still holds of the walk */

const isOfThisWalk = ({ url, person: whose }) => whose === person && url.startsWith(base);

export async function heldHere() {
  const all = await allRecords();
  const isLeft = ({ state }) => state === READY || state === STUCK;
  return all.filter((record) => isOfThisWalk(record) && isLeft(record));
}

/** The stops that this phone added and that the page does not show: `[{id, label, lon, lat}]`. */
export async function stopsAdded() {
  const made = Date.parse(words.made);
  const isNews = ({ sent_at: at }) => at === undefined || at > made;
  return (await allRecords())
    .filter((one) => isOfThisWalk(one) && one.kind === "walk-new-stop" && isNews(one))
    .map(({ id, body, answer, label }) => ({ id, label, ...body, ...answer?.stop }));
}
