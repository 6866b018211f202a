// The photos of a signalement's page: compare, add several made smaller, blacken.
import { newId } from "./outbox-store.js";
import { shrink } from "./shrink.js";

const PATIENCE_MS = 60000;

function compare(block) {
  const figure = block.querySelector(".compare");
  const range = block.querySelector("input");
  const cut = () => {
    figure.style.setProperty("--at", `${range.value}%`);
    range.setAttribute("aria-valuetext", range.dataset.wValue.replace("{n}", range.value));
  };
  const pull = ({ clientX, buttons }) => {
    if (!buttons) return;
    const { left, width } = figure.getBoundingClientRect();
    range.value = Math.round(((clientX - left) / width) * 100);
    cut();
  };
  for (const event of ["pointerdown", "pointermove"]) figure.addEventListener(event, pull);
  for (const image of figure.querySelectorAll("img")) image.draggable = false;
  range.addEventListener("input", cut);
  cut();
}

/** Sends the chosen photos one by one. An identifier stays with its file: again is never twice. */
class Upload {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("input[type=file]");
    this.status = form.querySelector("[role=status]");
    this.button = form.querySelector("button");
    this.input.multiple = true;
    this.input.addEventListener("change", () => {
      this.left = undefined;
      this.#tellChosen(this.input.files.length);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  /** The tile hides the browser's own words: it says itself what was chosen. */
  #tellChosen(n) {
    const { wAdd, wOne, wMany } = this.form.dataset;
    const words = [wAdd, wOne][n] ?? wMany.replace("{n}", n);
    this.form.querySelector("[data-chosen]").textContent = words;
  }

  async send() {
    this.left ??= [...this.input.files].map((file) => ({ id: newId(), file }));
    const total = this.left.length;
    this.button.disabled = true;
    try {
      for (const photo of [...this.left]) {
        this.#say("Sending", { n: total - this.left.length + 1, total });
        if (!(await this.#sendOne(photo))) return;
        this.left.shift();
      }
      window.location.reload();
    } catch {
      this.#say("Failed");
    } finally {
      this.button.disabled = false;
    }
  }

  /** Whether it was taken; if not, the page says why. */
  async #sendOne(photo) {
    try {
      photo.blob ??= await shrink(photo.file);
    } catch {
      this.#say("Unreadable");
      return false;
    }
    const body = new FormData(this.form);
    body.set("client_id", photo.id);
    body.set("photo", photo.blob, "photo");
    const answer = await fetch(this.form.action, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (answer.ok) return true;
    const isSentence = answer.headers.get("Content-Type")?.startsWith("text/plain");
    if (!isSentence) throw new Error(`answered ${answer.status}`);
    this.status.textContent = await answer.text();
    return false;
  }

  #say(name, values = {}) {
    let text = this.form.dataset[`w${name}`];
    for (const [key, value] of Object.entries(values)) text = text.replace(`{${key}}`, value);
    this.status.textContent = text;
  }
}

async function blackenOnServer(form) {
  const { areasToBlacken } = await import("./brush.js");
  const answer = await fetch(form.dataset.blacken);
  const areas = await areasToBlacken(await answer.blob());
  if (!areas) return;
  form.elements.areas.value = JSON.stringify(areas);
  form.submit();
}

for (const block of document.querySelectorAll("[data-compare]")) compare(block);
for (const form of document.querySelectorAll("form[data-upload]")) new Upload(form);
for (const form of document.querySelectorAll("form[data-blacken]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    blackenOnServer(form);
  });
}
