// What was typed and not yet sent, kept in this browser: a crash or a lost session loses nothing.

const KEY = "qpvmap.brouillon";
const KEPT_MS = 7 * 24 * 3600 * 1000;

export function saveDraft(values) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...values, saved_at: Date.now() }));
  } catch {
    // A full or forbidden storage must not stop somebody from filing.
  }
}

export function readDraft() {
  try {
    const draft = JSON.parse(localStorage.getItem(KEY));
    return draft && Date.now() - draft.saved_at < KEPT_MS ? draft : null;
  } catch {
    return null;
  }
}

export function dropDraft() {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Nothing was kept, then.
  }
}

/** A version 4 UUID, also where crypto.randomUUID is missing (pages served without HTTPS). */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
