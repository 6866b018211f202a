// Sending the photos kept for a signalement once it is filed: one by one, each with its own
// client_id, so that trying again never doubles one. What fails stays in this browser.
import { forgetPhoto, photosOf } from "./photos-kept.js";

const PATIENCE_MS = 60000;
const AGAIN = [408, 429, 500, 502, 503, 504];

class PhotoSending {
  constructor(root, photos) {
    this.root = root;
    this.photos = photos;
    this.total = photos.length;
    this.sent = 0;
    this.words = root.querySelector("[role=status]");
    this.again = root.querySelector("button");
    this.again.addEventListener("click", () => this.run());
    window.addEventListener("online", () => this.run());
    root.hidden = false;
    this.run();
  }

  async run() {
    if (this.running) return;
    this.running = true;
    this.again.hidden = true;
    for (const photo of [...this.photos]) {
      this.#say("sending", { n: this.sent + 1, total: this.total });
      await this.#sendOne(photo);
    }
    this.running = false;
    this.#conclude();
  }

  async #sendOne(photo) {
    try {
      const answer = await this.#post(photo);
      if (AGAIN.includes(answer.status)) return;
      if (answer.ok) this.#arrived(await answer.json());
      else this.#list(await answer.text());
      this.photos = this.photos.filter(({ id }) => id !== photo.id);
      await forgetPhoto(photo.id);
    } catch {
      // No network: it is still among those to send.
    }
  }

  #post({ id, blob }) {
    const form = new FormData(this.root.querySelector("form"));
    form.set("client_id", id);
    form.set("photo", blob, "photo");
    return fetch(this.root.querySelector("form").action, {
      method: "POST",
      body: form,
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  }
  #arrived({ url, thumbnail }) {
    this.sent += 1;
    const link = document.createElement("a");
    link.href = url;
    const picture = document.createElement("img");
    picture.src = thumbnail;
    picture.alt = `Photo ${this.sent}`;
    link.append(picture);
    this.#list(link);
  }

  #list(content) {
    const row = document.createElement("li");
    row.className = "photo";
    row.append(content);
    this.root.querySelector("ul").append(row);
  }

  #conclude() {
    const left = this.photos.length;
    this.again.hidden = !left;
    this.root.classList.toggle("note-warn", left > 0);
    if (left) this.#say(navigator.onLine ? "left" : "offline", { n: left });
    else this.#say(["none", "one"][this.sent] ?? "done", { n: this.sent });
  }

  #say(name, values = {}) {
    let text = this.root.dataset[`w${name[0].toUpperCase()}${name.slice(1)}`];
    for (const [key, value] of Object.entries(values)) text = text.replace(`{${key}}`, value);
    this.words.textContent = text;
  }
}

/** Send the photos kept for `owner` (the client_id of what was filed), if there are any. */
export async function sendPhotos(root, owner) {
  try {
    const photos = await photosOf(owner);
    if (photos.length) new PhotoSending(root, photos);
  } catch {
    // A browser that keeps nothing: photos are added with the form of this page.
  }
}
