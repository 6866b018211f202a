// A signalement being written, and its photos, as records of the outbox: several drafts may wait, and
// what is captured (the place, the time, the photos) stays as it was when one comes back to it.
import { phone, tab } from "./memory.js";
import {
  allRecords,
  blobsOf,
  changeRecord,
  DRAFT,
  dropRecord,
  keepBlob,
  keepRecord,
  photosOf,
  recordOf,
  recordsThatNeed,
  release,
  SENT,
  settle,
} from "./outbox-store.js";
import { isMine, personHere } from "./outbox-watch.js";

const OLD_DRAFT = "qpvmap.brouillon";
const AT_HAND = "qpvmap.en-cours";

const filingUrl = "/envois/signalements";
const photoUrl = (owner) => `${filingUrl}/${owner}/photos`;

/** Write what was typed under `id`. Null when it is no draft any more: it was sent, or dropped. */
export async function saveDraft(id, body, label) {
  const found = await recordOf(id);
  if (found) {
    return changeRecord(id, (now) => (now.state === DRAFT ? { ...now, body, label } : null));
  }
  const record = { id, kind: "signalement", url: filingUrl, body, label, state: DRAFT };
  return keepRecord({ ...record, person: personHere() });
}

/** The drafts of who is here, the latest first. */
export async function drafts() {
  const all = await allRecords();
  return all
    .filter((one) => one.state === DRAFT && one.kind === "signalement" && isMine(one))
    .reverse();
}

/* The one at hand: a reload of the tab comes back to it */

export function atHand() {
  return tab.get(AT_HAND);
}

export function keepAtHand(id) {
  if (id) tab.set(AT_HAND, id);
  else tab.forget(AT_HAND);
}

/** Take over the one draft that an earlier version kept elsewhere. */
export async function takeOldDraft() {
  const text = phone.get(OLD_DRAFT);
  if (!text) return;
  const { client_id: id, saved_at, ...body } = JSON.parse(text);
  const photos = id ? await recordsThatNeed(id) : [];
  if (id && (body.category || body.description || photos.length)) await saveDraft(id, body, "");
  phone.forget(OLD_DRAFT);
}

/* Photos */

async function keepPhoto(id, owner, blob) {
  if (!(await recordOf(id))) {
    const record = { id, kind: "photo", url: photoUrl(owner), needs: [owner], state: DRAFT };
    await keepRecord({ ...record, body: { moment: "before" }, person: personHere() });
  }
  try {
    await keepBlob({ id, record: id, blob });
  } catch (error) {
    if (!(await blobsOf(id)).length) await dropRecord(id);
    throw error;
  }
}

/** The photos of the draft `owner`, as PhotoChoice keeps them. */
export const filingPhotos = (owner) => ({
  all: async () => photosOf(await recordsThatNeed(owner)),
  keep: (id, blob) => keepPhoto(id, owner, blob),
  forget: dropRecord,
});

/** The form of `id` went by itself: its draft is done, and its photos follow. */
export async function sentAsForm(id) {
  const record = await recordOf(id);
  if (record && record.state !== SENT) await settle(id, {});
  const photos = await recordsThatNeed(id);
  for (const photo of photos) if (photo.state === DRAFT) await release(photo.id);
}

/* « C’est le même » */

/** Make of the draft `id` a support of `reference`: its photos go there as well. */
export async function makeSupport(id, reference) {
  const url = `/envois/soutiens/${encodeURIComponent(reference)}`;
  const label = `C’est le même que ${reference}`;
  await changeRecord(id, (now) => ({ ...now, kind: "soutien", url, label }));
  for (const photo of await recordsThatNeed(id)) {
    await changeRecord(photo.id, (now) => ({ ...now, url: `${url}/${id}/photos` }));
  }
  await release(id);
}
