// Choosing photos while filing: made smaller on the phone, shown, blackened, removed; kept until sent.
import { forgetPhoto, keepPhoto, photosOf } from "./filing-store.js";
import { isFull, newId } from "./outbox-store.js";
import { shrink } from "./shrink.js";

const MAX_PHOTOS = 6;

export class PhotoChoice {
  /** `root`: the element with the list, the file input and the words. `owner`: the draft's id. */
  constructor(root, owner, { onChange }) {
    this.onChange = onChange;
    this.root = root;
    this.owner = owner;
    this.list = root.querySelector("ul");
    this.input = root.querySelector("input[type=file]");
    this.status = root.querySelector("[role=status]");
    this.model = root.querySelector("template").content.firstElementChild;
    this.count = 0;
    this.input.addEventListener("change", () => this.#do(() => this.#chosen()));
    this.#do(() => this.#restore());
  }

  /** A promise kept once nothing is being prepared any more: nothing is to be sent before. */
  settled() {
    return this.pending;
  }

  #do(task) {
    this.pending = Promise.allSettled([this.pending, task()]);
  }

  async #restore() {
    try {
      for (const photo of await photosOf(this.owner)) this.#show(photo);
      this.root.hidden = false;
    } catch {
      // Nothing is kept: photos are added on the page that follows.
      document.getElementById("photos-apres").hidden = false;
    }
  }

  async #chosen() {
    const files = [...this.input.files];
    this.input.value = "";
    const room = MAX_PHOTOS - this.count;
    this.#say(files.length > room ? this.root.dataset.wMany : "");
    for (const file of files.slice(0, room)) await this.#add(file);
  }

  async #add(file) {
    this.#say(this.root.dataset.wShrinking);
    const blob = await shrink(file).catch(() => null);
    if (!blob) return this.#say(this.root.dataset.wUnreadable);
    try {
      const photo = { id: newId(), blob };
      await keepPhoto(photo.id, this.owner, blob);
      this.#show(photo);
      this.#say("");
      this.onChange();
    } catch (error) {
      this.#say(this.root.dataset[isFull(error) ? "wFull" : "wUnkept"]);
    }
  }

  #show(photo) {
    const row = this.model.cloneNode(true);
    row.dataset.photo = photo.id;
    this.#draw(row, photo.blob);
    row
      .querySelector("[data-do=masquer]")
      .addEventListener("click", () => this.#do(() => this.#brush(row, photo)));
    row
      .querySelector("[data-do=retirer]")
      .addEventListener("click", () => this.#do(() => this.#remove(row, photo)));
    this.list.append(row);
    this.#counted(1);
  }

  #draw(row, blob) {
    const picture = row.querySelector("img");
    // What this browser can't show (HEIC on most), the server reads; it can't be blackened here.
    picture.onerror = () => {
      row.querySelector("[data-do=masquer]").hidden = true;
    };
    URL.revokeObjectURL(picture.src);
    picture.src = URL.createObjectURL(blob);
  }

  async #brush(row, photo) {
    const { blacken } = await import("./brush.js");
    const blob = await blacken(photo.blob);
    if (!blob) return;
    photo.blob = blob;
    await keepPhoto(photo.id, this.owner, blob);
    this.#draw(row, blob);
  }

  async #remove(row, photo) {
    await forgetPhoto(photo.id);
    row.remove();
    this.#counted(-1);
    this.input.focus();
  }

  #counted(by) {
    this.count += by;
    [...this.list.children].forEach((row, at) => {
      row.querySelector("img").alt = `Photo ${at + 1}`;
      for (const name of row.querySelectorAll("[data-do] span")) name.textContent = ` ${at + 1}`;
    });
    this.root.querySelector("label").hidden = this.count >= MAX_PHOTOS;
    this.root.querySelector("[data-add]").textContent =
      this.root.dataset[this.count ? "wOther" : "wFirst"];
  }

  #say(words) {
    this.status.textContent = words;
  }
}
