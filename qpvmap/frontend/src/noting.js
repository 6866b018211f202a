// What a mediator notes goes to the phone's outbox first, then to the server. A form says its kind by
// data-note; its own fields are the record.
import { submitNow, tellNotKept } from "./keeping.js";
import { sendNow } from "./outbox-send.js";
import { askToPersist, dropRecord, keepRecord, newId, SENT, STUCK } from "./outbox-store.js";

const PATIENCE_MS = 6000;
const NEVER_KEPT = new Set(["csrf_token", "client_id"]);

/** The fields of a form, and the button that was pressed; several of one name are one, by spaces. */
export function fieldsOf(form, submitter = null) {
  const body = {};
  for (const [name, value] of new FormData(form)) {
    if (NEVER_KEPT.has(name) || value instanceof File) continue;
    body[name] = name in body ? `${body[name]} ${value}` : value;
  }
  if (submitter?.name) body[submitter.name] = submitter.value;
  if ("at" in body) body.at = new Date().toISOString();
  return body;
}

/** Keep what a form says, under the identifier drawn for it; the record. */
export async function keepForm(form, { submitter = null, needs = [], label = "" } = {}) {
  const record = await keepRecord({
    id: form.elements.client_id.value,
    kind: form.dataset.note,
    url: new URL(form.action).pathname,
    body: fieldsOf(form, submitter),
    needs,
    label,
    person: document.body.dataset.person ?? "",
  });
  askToPersist();
  return record;
}

/**
 * Send a record at once if the network answers. "sent"; "kept" when it waits; "refused" when the
 * server said no: it is then out of the outbox, for the page to say why.
 */
export async function sendForm(record) {
  const now = await sendNow(record.id, PATIENCE_MS).catch(() => null);
  if (now?.state === SENT) return { outcome: "sent", answer: now.answer };
  if (now?.state !== STUCK) return { outcome: "kept" };
  await dropRecord(record.id);
  return { outcome: "refused" };
}

/**
 * Let the browser send the form by itself: the page that comes back says what is wrong. `why`: the
 * error for which this phone could not keep it, if that is the reason.
 */
export async function sendPlainly(form, submitter, body, why = null) {
  if (why) tellNotKept(why);
  if (form.elements.at) form.elements.at.value = body.at ?? "";
  const field = document.createElement("input");
  if (submitter?.name) {
    Object.assign(field, { type: "hidden", name: submitter.name, value: submitter.value });
    form.append(field);
  }
  if (!(await submitNow(form))) field.remove();
}

/** Another identifier, for what the form says next. */
export function renew(form) {
  form.elements.client_id.value = newId();
}

/** Show a sentence in a note made of an icon and a span. */
export function sayIn(note, words) {
  if (!note) return;
  note.querySelector("span").textContent = words;
  note.hidden = !words;
}
