// Sending what waits, from a page or from the service worker: one run at a time on this phone, one
// record at a time, each only under the person who made it. Nothing is settled before the server's
// 200 or 201 that names the record; what cannot be taken says why and holds up nothing else.
import { kindOf } from "./outbox-kinds.js";
import {
  allRecords,
  blobsOf,
  changeRecord,
  forgetSent,
  READY,
  recordOf,
  SENT,
  STUCK,
  settle,
  watch,
} from "./outbox-store.js";

const LOCK = "qpvmap-outbox";
const WHO = "/envois/identite";
const WHO_WITH_TOKEN = "/envois/jeton";
const PATIENCE_MS = { json: 20000, form: 20000, multipart: 90000 };
const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 5 * 60 * 1000;
const SILENCES = 4;
const LATER = new Set([408, 425, 429, 500, 502, 503, 504]);
const OLD_FORM = "old_form";
const LOST_FILE = "La photo n’est plus dans ce téléphone. Reprenez-la, ou retirez cette ligne.";
const REFUSED = "Le site n’a pas voulu de cet envoi. Modifiez-le, ou exportez-le.";
const SILENT = "Le réseau ne répond pas. Nouvel essai un peu plus tard.";
const BUSY_SITE = "Le site est occupé. Nouvel essai un peu plus tard.";

/** Do `work` while no other tab or worker does; when one does already, nothing, or after it. */
function alone(work, { after = false } = {}) {
  if (!navigator.locks) return work();
  return navigator.locks.request(LOCK, { ifAvailable: !after }, (lock) => (lock ? work() : null));
}

async function jsonOf(response) {
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  return isJson ? await response.json() : null;
}

/**
 * Who is signed in here, with a token for a form that goes next: `{person, name, csrf_token}`; null
 * without an answer of our own.
 */
export const whoIsHere = () => askWho(WHO_WITH_TOKEN);

/** The same for what sends nothing from a page: a token only where there is a session. */
export const identity = () => askWho(WHO);

async function askWho(path) {
  try {
    const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(15000) });
    const said = response.ok ? await jsonOf(response) : null;
    if (typeof said?.person !== "string") return null;
    return said;
  } catch {
    return null;
  }
}

/** How long to wait before the next try; some of it at random, so that phones do not all come at once. */
export function waitAfter(tries, retryAfterS = 0) {
  const long = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
  return Math.max(retryAfterS * 1000, long * (0.5 + Math.random() / 2));
}

async function bodyOf(record, { as, file }) {
  const values = { ...record.body, client_id: record.id };
  if (as === "json") return JSON.stringify(values);
  const form = as === "multipart" ? new FormData() : new URLSearchParams();
  for (const [name, value] of Object.entries(values)) form.set(name, value ?? "");
  if (as !== "multipart") return form;
  const [kept] = await blobsOf(record.id);
  if (!kept) return null;
  form.set(file, kept.blob, file);
  return form;
}

class Run {
  constructor({ first = null, hurry = false } = {}) {
    Object.assign(this, { first, hurry, tried: new Set(), silences: 0, sent: 0, expired: false });
    this.postponed = 0;
  }

  async go() {
    await forgetSent();
    if (!(await this.next())) return this.#said();
    this.here = await identity();
    if (!this.here) return this.#said({ offline: true });
    for (let record = await this.next(); record; record = await this.next()) {
      this.tried.add(record.id);
      await this.#send(record);
      if (this.silences >= SILENCES || this.over) break;
    }
    return this.#said({ offline: this.silences > 0 });
  }

  #said(more = {}) {
    const { sent, expired, postponed, here } = this;
    return { sent, expired, postponed, person: here?.person, offline: false, ...more };
  }

  /** The next record to try: due, not tried in this run, with all that it needs accepted. */
  async next() {
    const all = await allRecords();
    const states = new Map(all.map(({ id, state }) => [id, state]));
    const arrived = (id) => !states.has(id) || states.get(id) === SENT;
    const due = all.filter(
      (record) =>
        record.state === READY &&
        !this.tried.has(record.id) &&
        record.needs.every(arrived) &&
        (this.hurry || record.id === this.first || record.next_try_at <= Date.now()) &&
        this.#may(record),
    );
    return due.find(({ id }) => id === this.first) ?? due[0] ?? null;
  }

  /** A record goes under its own person alone; one made without an account goes without one. */
  #may({ person }) {
    if (!this.here || person === "" || person === this.here.person) return true;
    this.expired = true;
    return false;
  }

  async #send(record) {
    const kind = kindOf(record);
    const body = await bodyOf(record, kind);
    if (body === null) return this.#stuck(record, { message: LOST_FILE });
    let response = await this.#post(record, kind, body);
    let said = response && (await jsonOf(response).catch(() => null));
    if (response?.status === 400 && said?.code === OLD_FORM) {
      this.here = (await identity()) ?? this.here;
      response = await this.#post(record, kind, await bodyOf(record, kind));
      said = response && (await jsonOf(response).catch(() => null));
    }
    await this.#conclude(record, response, said);
  }

  async #post(record, { as }, body) {
    const headers = { Accept: "application/json", "Qpvmap-Outbox": "1" };
    if (as === "json") headers["Content-Type"] = "application/json";
    // Made without an account while somebody is signed in: sent without the session.
    const aside = record.person === "" && this.here.person !== "";
    // Without a session there is no token, nor anything that it would protect.
    if (!aside && this.here.csrf_token) headers["X-CSRFToken"] = this.here.csrf_token;
    headers["Qpvmap-Person"] = record.person;
    headers["Qpvmap-Clock"] = new Date().toISOString(); // the site sees if this phone is a day off
    try {
      return await fetch(record.url, {
        method: "POST",
        body,
        headers,
        redirect: "manual",
        credentials: aside ? "omit" : "same-origin",
        signal: AbortSignal.timeout(PATIENCE_MS[as]),
      });
    } catch {
      return null;
    }
  }

  async #conclude(record, response, said) {
    const status = response?.status ?? 0;
    if (response?.ok && said?.id === record.id) return this.#arrived(record, said);
    if (status === 401) return this.#signedOut();
    // A 200 that is not ours is a portal's page; so is a redirection.
    if (!status || response.ok || LATER.has(status)) return this.#later(record, response);
    return this.#stuck(record, said ?? {});
  }

  async #arrived(record, said) {
    this.silences = 0;
    this.sent += 1;
    await settle(record.id, said);
  }

  #signedOut() {
    this.expired = true;
    this.over = true;
  }

  async #later(record, response) {
    this.silences += response ? 0 : 1;
    this.postponed += 1;
    const retryAfter = Number(response?.headers.get("Retry-After")) || 0;
    await changeRecord(record.id, (now) => ({
      ...now,
      tries: now.tries + 1,
      next_try_at: Date.now() + waitAfter(now.tries, retryAfter),
      last_error: response ? BUSY_SITE : SILENT,
    }));
  }

  async #stuck(record, { message = REFUSED, fields = {} }) {
    this.silences = 0;
    await changeRecord(record.id, (now) => ({
      ...now,
      tries: now.tries + 1,
      state: now.state === READY ? STUCK : now.state,
      last_error: message,
      fields,
    }));
  }
}

/**
 * Send what waits. `hurry`: also what was to wait longer; `first`: the id to begin with. Resolves to
 * `{sent, postponed, offline, expired, person}`; to null when a run is already on, which takes the new
 * ones as well, unless it is to come `after` that one.
 */
export function sendAll({ after = false, ...options } = {}) {
  return alone(() => new Run(options).go(), { after });
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const isOpen = (record) => record?.state === READY && !record.tries;

/** Resolves once the record `id` was sent, refused or put off, whoever tried it. */
function concluded(id) {
  return new Promise((resolve) => {
    const stop = watch(async () => {
      if (isOpen(await recordOf(id))) return;
      stop();
      resolve(null);
    });
  });
}

/** Send the record `id` ahead of the others, and give it back as it is `patienceMs` later at most. */
export async function sendNow(id, patienceMs) {
  const until = Date.now() + patienceMs;
  while (isOpen(await recordOf(id)) && Date.now() < until) {
    const run = sendAll({ first: id }).catch(() => ({ offline: true }));
    const said = await Promise.race([run, concluded(id), pause(until - Date.now())]);
    if (said?.offline || said?.expired) break;
    await pause(200); // another tab or the service worker was sending: it may be done
  }
  return recordOf(id);
}

/** When the next try is due, milliseconds from now; null when nothing waits for one. */
export async function nextTryIn() {
  const all = await allRecords();
  const held = new Set(all.filter(({ state }) => state !== SENT).map(({ id }) => id));
  const due = all.filter(
    ({ state, needs }) => state === READY && !needs.some((need) => held.has(need)),
  );
  if (!due.length) return null;
  return Math.max(0, Math.min(...due.map(({ next_try_at }) => next_try_at)) - Date.now());
}
