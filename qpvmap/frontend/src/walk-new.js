// A new walk: sent at once when the network answers; without, kept in this phone and walked from there.
import { keepForm, renew, sayIn, sendPlainly } from "./noting.js";
import { sendNow } from "./outbox-send.js";
import {
  changeRecord,
  dropRecord,
  recordOf,
  recordsThatNeed,
  SENT,
  STUCK,
} from "./outbox-store.js";

const FIELD_PAGE = "/parcours/marches/sur-place";
const PATIENCE_MS = 6000;

/** The day of this phone, as a date field says it. */
function today() {
  const now = new Date();
  const [month, day] = [now.getMonth() + 1, now.getDate()].map((n) => String(n).padStart(2, "0"));
  return `${now.getFullYear()}-${month}-${day}`;
}

class NewWalk {
  constructor(form) {
    this.form = form;
    this.isRefused = Boolean(document.querySelector("[data-focus]"));
    form.addEventListener("submit", (event) => this.#submitted(event));
    this.#open();
  }

  /** A page kept for days says the day it was made, and an identifier that may have served. */
  async #open() {
    if (this.isRefused) return;
    renew(this.form);
    const { day } = this.form.elements;
    if (day.value === day.dataset.made && today() > day.value) day.value = today();
    const asked = new URLSearchParams(window.location.search).get("reprendre");
    const record = asked && (await recordOf(asked).catch(() => null));
    if (record?.kind === "walk-new" && record.state !== SENT) this.#fill(record);
  }

  #fill({ id, body, last_error: error }) {
    for (const [name, value] of Object.entries(body)) {
      const field = this.form.elements[name];
      if (field) field.value = value;
    }
    this.form.elements.client_id.value = id;
    sayIn(this.form.querySelector("[data-said]"), error);
  }

  async #submitted(event) {
    event.preventDefault();
    if (this.busy) return;
    this.busy = true;
    let record = null;
    try {
      record = await keepForm(this.form, { label: this.form.elements.title.value.trim() });
      // Once it is sent its body is forgotten; the page on which it is walked needs this of it.
      const { title, theme, day, starts_at, follows } = record.body;
      const walk = { title, theme, day, starts_at, follows };
      await changeRecord(record.id, (now) => ({ ...now, walk }));
      await this.#conclude(record);
    } catch (error) {
      await sendPlainly(this.form, null, record?.body ?? {}, error);
    } finally {
      this.busy = false;
    }
  }

  async #conclude(record) {
    const now = await sendNow(record.id, PATIENCE_MS).catch(() => null);
    if (now?.state === SENT) return window.location.assign(now.answer.prepare);
    if (now?.state === STUCK) return this.#refused(now);
    // One that follows another has the stops of that one, which are on the site.
    if (!record.body.follows) return window.location.assign(`${FIELD_PAGE}?marche=${record.id}`);
    this.form.reset();
    renew(this.form);
    sayIn(this.form.querySelector("[data-said]"), this.form.dataset.wKept);
    this.form.querySelector("[data-said]").scrollIntoView({ block: "center" });
  }

  /** The page that comes back says why; what was noted along a walk is not dropped with it. */
  async #refused({ id, body, last_error: error }) {
    if ((await recordsThatNeed(id)).length) {
      return sayIn(this.form.querySelector("[data-said]"), error);
    }
    await dropRecord(id);
    await sendPlainly(this.form, null, body);
  }
}

/** The page on which it is walked without network is kept beforehand. */
async function keepFieldPage() {
  const registration = await navigator.serviceWorker?.ready;
  for (const path of [window.location.pathname, FIELD_PAGE]) {
    registration?.active?.postMessage({ type: "keep", path });
  }
}

const form = document.querySelector("form[data-note=walk-new]");
if (form && "indexedDB" in globalThis) {
  new NewWalk(form);
  keepFieldPage();
}
