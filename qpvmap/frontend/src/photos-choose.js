// Choosing photos: made smaller on the phone, shown, blackened, removed; kept until they are sent.
import { isFull, newId } from "./outbox-store.js";
import { shrink } from "./shrink.js";

const SOME = 6;

export class PhotoChoice {
  /**
   * `root`: the element with the list, the file input and what is said of them. `store`: where they
   * are until they are sent, `{all(), keep(id, blob), forget(id)}`. No more than `most`.
   */
  constructor(root, store, { onChange = () => {}, most = SOME } = {}) {
    Object.assign(this, { root, store, onChange, most, count: 0, shown: new Map() });
    const template = document.getElementById("photo-choisie");
    this.words = { ...template.dataset, ...root.dataset };
    this.model = template.content.firstElementChild;
    this.list = root.querySelector("ul");
    this.input = root.querySelector("input[type=file]");
    this.status = root.querySelector("[role=status]");
    this.first = root.querySelector("[data-add]").textContent;
    this.input.addEventListener("change", () => this.#do(() => this.#chosen()));
    this.#do(() => this.#restore());
  }

  /** A promise kept once nothing is being prepared any more: nothing is to be sent before. */
  settled() {
    return this.pending;
  }

  /** The photos that are there: `[{id, blob}]`. */
  get chosen() {
    return [...this.list.children].map((row) => this.shown.get(row));
  }

  /** Take the photos out, to be sent; another choice can begin. */
  async taken() {
    await this.settled();
    const photos = this.chosen;
    this.list.replaceChildren();
    this.#say("");
    this.#counted(-this.count);
    return photos;
  }

  #do(task) {
    this.pending = Promise.allSettled([this.pending, task()]);
  }

  async #restore() {
    try {
      for (const photo of await this.store.all()) this.#show(photo);
      this.root.hidden = false;
    } catch {
      // Nothing is kept: photos are added on the page that follows.
      document.getElementById("photos-apres")?.removeAttribute("hidden");
    }
  }

  async #chosen() {
    const files = [...this.input.files];
    this.input.value = "";
    const room = this.most - this.count;
    const taken = files.slice(0, room);
    for (const file of taken) if (!(await this.#add(file))) return;
    if (taken.length < files.length) this.#say(this.words.wMany.replace("{n}", this.most));
  }

  /** Whether it was taken; if not, it is said why. */
  async #add(file) {
    this.#say(this.words.wShrinking);
    const photo = { id: newId(), blob: await shrink(file).catch(() => null) };
    if (!photo.blob) return this.#say(this.words.wUnreadable);
    try {
      await this.store.keep(photo.id, photo.blob);
    } catch (error) {
      return this.#say(this.words[isFull(error) ? "wFull" : "wUnkept"]);
    }
    this.#show(photo);
    this.#say(this.words.wKept ?? "");
    this.onChange();
    return true;
  }

  #show(photo) {
    const row = this.model.cloneNode(true);
    row.dataset.photo = photo.id;
    this.shown.set(row, photo);
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
    await this.store.keep(photo.id, blob);
    this.#draw(row, blob);
  }

  async #remove(row, photo) {
    await this.store.forget(photo.id);
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
    this.input.closest("label").hidden = this.count >= this.most;
    this.root.querySelector("[data-add]").textContent = this.count
      ? this.words.wOther
      : (this.words.wFirst ?? this.first);
  }

  #say(words) {
    this.status.textContent = words;
  }
}
