// What others do meanwhile. A question every few seconds, answered 304 as long as nothing changed;
// none while the tab is hidden, fewer when the network fails.
import { box, counted, redraw, rows, say, versionOf } from "./desk.js";

const EVERY_MS = 10_000;
const SLOWEST_MS = 120_000;
const KEPT = "qpvmap-desk";

export class Poll {
  /** `address()` is asked; `told(news)` hears what changed; `ended()` that nobody will answer. */
  constructor({ address, validator, told, ended }) {
    Object.assign(this, { address, validator, told, ended, wait: EVERY_MS, over: false });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.now();
    });
    addEventListener("online", () => this.now());
    this.#later();
  }

  /** Ask at once, then go on at the usual pace. */
  now() {
    this.wait = EVERY_MS;
    return this.#ask();
  }

  #later() {
    clearTimeout(this.timer);
    if (!this.over) this.timer = setTimeout(() => this.#ask(), this.wait);
  }

  async #ask() {
    if (document.hidden || this.asking || this.over) return;
    this.asking = true;
    try {
      await this.#answered(
        await fetch(this.address(), {
          headers: { Accept: "application/json", "If-None-Match": `"${this.validator}"` },
          cache: "no-store",
          redirect: "manual",
        }),
      );
      this.wait = EVERY_MS;
    } catch {
      this.wait = Math.min(this.wait * 2, SLOWEST_MS);
    } finally {
      this.asking = false;
      this.#later();
    }
  }

  async #answered(answer) {
    if (answer.status === 304) return;
    if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) {
      this.over = true;
      this.ended?.();
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const news = await answer.json();
    this.validator = answer.headers.get("ETag").replaceAll(/^W\/|"/g, "");
    this.told(news);
  }
}

/** Follow the list: rows change where they stand when nothing moves, the rest waits to be asked for. */
export class Inbox {
  constructor(place, bulk) {
    Object.assign(this, { place, bulk, title: document.title, changed: new Set() });
    this.button = place.querySelector("[data-live-load]");
    this.button.addEventListener("click", () => this.#load());
    this.#restore();
    this.poll = new Poll({
      address: () => this.#address(),
      validator: this.list.validator,
      told: (news) => this.#told(news),
      ended: () => this.#show(place.dataset.ended),
    });
  }

  /** What the list on the page says of itself; another may have taken its place. */
  get list() {
    return document.querySelector("[data-live-of]").dataset;
  }

  /** Follow the list that has just taken the place of the former. */
  attach() {
    this.changed.clear();
    this.poll.validator = this.list.validator;
    document.title = this.title;
    this.#show("");
  }

  #address() {
    const address = new URL(this.list.liveOf, location.href);
    address.searchParams.set("lu", this.list.readAt);
    address.searchParams.set(
      "vus",
      rows()
        .map((row) => row.dataset.reference)
        .join(","),
    );
    return address;
  }

  #told(news) {
    for (const row of rows()) this.#follow(row, news.rows[row.dataset.reference]);
    this.#count(news.counts);
    const words = [
      news.arrivals && counted(this.place, "arrival", news.arrivals),
      this.changed.size && counted(this.place, "changed", this.changed.size),
    ].filter(Boolean);
    const total = news.arrivals + this.changed.size;
    document.title = total ? `(${total}) ${this.title}` : this.title;
    this.#show(words.join(", "));
  }

  /** What this person did is shown already; what others did is marked. */
  #follow(row, cells) {
    const { reference } = row.dataset;
    if (!cells) {
      if (!row.classList.contains("is-done")) this.changed.add(reference);
      row.classList.add("is-gone");
      return;
    }
    const isNews = cells.version !== versionOf(row);
    if (isNews) this.changed.add(reference);
    if (this.#isHeld(row)) return;
    this.#redrawStill(row, cells);
    if (isNews) row.classList.add("is-changed");
  }

  /** Somebody points at it, has the focus in it or has chosen it: it stays as it was read. */
  #isHeld(row) {
    return row.matches(":hover, :focus-within") || box(row).checked;
  }

  /** Draw a row again unless that would move the ones below. */
  #redrawStill(row, cells) {
    const kept = row.cloneNode(true);
    const height = row.offsetHeight;
    redraw(row, cells);
    if (row.offsetHeight === height) return;
    for (const name of ["state", "due"]) {
      const cell = `[data-cell="${name}"]`;
      row.querySelector(cell).innerHTML = kept.querySelector(cell).innerHTML;
    }
    box(row).value = kept.querySelector("input[name=choix]").value;
  }

  #count(counts) {
    for (const tab of document.querySelectorAll(".tabs [data-tab]")) {
      const count = tab.querySelector(".count");
      const words = counts[tab.dataset.tab]?.toLocaleString("fr-FR");
      if (words !== undefined && !tab.matches(":hover, :focus")) count.textContent = words;
    }
  }

  #show(words) {
    const shown = this.button.querySelector("[data-live-words]");
    if (shown.textContent !== words && words) say(words);
    shown.textContent = words;
    this.button.hidden = !words;
  }

  /** Read the list again; what was chosen stays chosen, with what it has become. */
  #load() {
    const chosen = this.bulk.chosen().map((row) => row.dataset.reference);
    sessionStorage.setItem(KEPT, JSON.stringify({ href: location.href, chosen }));
    location.reload();
  }

  #restore() {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    sessionStorage.removeItem(KEPT);
    if (kept?.href === location.href) this.bulk.choose(kept.chosen);
  }
}
