// An action and its photos: kept on the phone, the photos apart, and sent when the network answers.
import { keepForm, renew, sayIn, sendForm, sendPlainly } from "./noting.js";
import { sendNow } from "./outbox-send.js";
import { keepBlob, keepRecord, newId } from "./outbox-store.js";
import { shrink } from "./shrink.js";

const MOST_PHOTOS = 6;
const PHOTO_PATIENCE_MS = 60000;

class ActionForm {
  constructor(form) {
    this.form = form;
    this.words = form.dataset;
    this.photos = form.querySelector("[data-photos]");
    form.addEventListener("submit", (event) => this.#submitted(event));
    this.photos.addEventListener("change", () => this.#count());
    this.#today();
  }

  /** A page kept for days says the day it was made. */
  #today() {
    const { day } = this.form.elements;
    const now = new Date();
    const [month, date] = [now.getMonth() + 1, now.getDate()].map((n) =>
      String(n).padStart(2, "0"),
    );
    const today = `${now.getFullYear()}-${month}-${date}`;
    if (day.value === day.max && today > day.max) day.value = today;
    if (today > day.max) day.max = today;
  }

  #files() {
    return [...this.photos.files].slice(0, MOST_PHOTOS);
  }

  #count() {
    const chosen = this.#files().length;
    this.#say(chosen === 1 ? this.words.wOne : this.words.wMany.replace("{n}", chosen));
  }

  #say(words) {
    this.form.querySelector("[data-photos-said]").textContent = words;
  }

  async #submitted(event) {
    event.preventDefault();
    if (this.busy) return;
    const { kind, title, client_id: id } = this.form.elements;
    const missing = !kind.value || !title.value.trim();
    sayIn(this.form.querySelector("[data-missing]"), missing ? this.words.wMissing : "");
    if (missing) return (kind.value ? title : this.form.querySelector("[name=kind]")).focus();
    this.busy = true;
    try {
      const small = await this.#readPhotos();
      if (!small) return;
      const photos = await this.#keepPhotos(small, id.value, title.value.trim());
      const record = await keepForm(this.form, { label: title.value.trim() });
      const { outcome, answer } = await sendForm(record);
      if (outcome === "refused") return await sendPlainly(this.form, null, record.body);
      if (outcome === "sent") return this.#leave(answer.href, photos);
      this.#kept();
    } catch (error) {
      await sendPlainly(this.form, null, {}, error);
    } finally {
      this.busy = false;
    }
  }

  /** The photos made smaller; null when one cannot be read, which is said. */
  async #readPhotos() {
    try {
      return await Promise.all(this.#files().map((file) => shrink(file)));
    } catch {
      this.#say(this.words.wUnreadable);
      this.photos.focus();
      return null;
    }
  }

  async #keepPhotos(small, action, label) {
    const kept = [];
    for (const blob of small) {
      const id = newId();
      await keepBlob({ id, record: id, blob });
      await keepRecord({
        id,
        kind: "action-photo",
        url: this.words.photoUrl.replace("{uid}", action),
        needs: [action],
        label,
        person: document.body.dataset.person ?? "",
      });
      kept.push(id);
    }
    return kept;
  }

  async #leave(href, photos) {
    for (const [place, id] of photos.entries()) {
      const words = this.words.wSending.replace("{n}", place + 1);
      this.#say(words.replace("{total}", photos.length));
      await sendNow(id, PHOTO_PATIENCE_MS).catch(() => null);
    }
    window.location.assign(href);
  }

  #kept() {
    this.form.reset();
    renew(this.form);
    this.#today();
    this.#say("");
    sayIn(document.querySelector("[data-kept]"), this.words.wKept);
    window.scrollTo(0, 0);
  }
}

export const startAction = (form) => new ActionForm(form);
