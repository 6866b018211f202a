// On the page of what was just filed: how its photos, records of the outbox, are getting on; once they
// have arrived it is said one time.
import { sentAsForm } from "./filing-store.js";
import { tab } from "./memory.js";
import { READY, recordsThatNeed, SENT, STUCK, watch } from "./outbox-store.js";
import { sendWaiting } from "./outbox-watch.js";

const TOLD = "qpvmap.photos-dites.";

class PhotoSending {
  constructor(root, owner) {
    Object.assign(this, { root, owner, shown: new Set() });
    this.words = root.querySelector("[role=status]");
    this.again = root.querySelector("button");
    this.again.addEventListener("click", () => this.#retry());
    watch(() => this.tell());
    this.#retry();
  }

  async #retry() {
    this.running = true;
    this.again.hidden = true;
    await this.tell();
    await sendWaiting({ hurry: true });
    this.running = false;
    await this.tell();
  }

  async tell() {
    const photos = await recordsThatNeed(this.owner);
    const sent = photos.filter(({ state }) => state === SENT);
    const left = photos.filter(({ state }) => state === READY).length;
    for (const photo of photos) this.#list(photo);
    this.root.hidden = !photos.length;
    this.again.hidden = this.running || !left;
    this.root.classList.toggle("note-warn", !this.running && left > 0);
    if (!left) tab.set(TOLD + this.owner, "oui");
    if (left && this.running) this.#say("sending", { n: sent.length + 1, total: photos.length });
    else if (left) this.#say(navigator.onLine ? "left" : "offline", { n: left });
    else this.#say(["none", "one"][sent.length] ?? "done", { n: sent.length });
  }

  #list({ id, state, answer, last_error: why }) {
    if (this.shown.has(id) || (state !== SENT && state !== STUCK)) return;
    this.shown.add(id);
    const row = document.createElement("li");
    row.className = "photo";
    row.append(state === SENT ? this.#picture(answer) : why);
    this.root.querySelector("ul").append(row);
  }

  #picture({ url, thumbnail }) {
    const link = document.createElement("a");
    link.href = url;
    const picture = document.createElement("img");
    picture.src = thumbnail;
    picture.alt = `Photo ${this.shown.size}`;
    link.append(picture);
    return link;
  }

  #say(name, values = {}) {
    let text = this.root.dataset[`w${name[0].toUpperCase()}${name.slice(1)}`];
    for (const [key, value] of Object.entries(values)) text = text.replace(`{${key}}`, value);
    this.words.textContent = text;
  }
}

/** Tell how the photos of `owner` (the client_id of what was filed) go, if some are still to go. */
export async function tellPhotos(root, owner) {
  try {
    await sentAsForm(owner);
    const photos = await recordsThatNeed(owner);
    const isOver = photos.every(({ state }) => state === SENT);
    if (photos.length && !(isOver && tab.get(TOLD + owner))) new PhotoSending(root, owner);
  } catch {
    // A browser that keeps nothing: photos are added with the form of this page.
  }
}
