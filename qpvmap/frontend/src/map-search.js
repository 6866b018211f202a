// Search by place name: a combobox fed by /lieux. Without JavaScript the same form reloads the page.
import L from "./global-leaflet.js";
import { dropIcon } from "./map-pins.js";

const WAIT_MS = 200;
const CARDS = new Set(["commune", "iris", "qpv", "operation", "equipement", "signalement"]);

class Field {
  constructor(page, form) {
    this.page = page;
    this.form = form;
    this.input = form.querySelector("input[type=search]");
    this.list = form.querySelector("[role=listbox]");
    this.results = [];
    this.active = -1;
    this.asked = "";
    this.input.addEventListener("input", () => this.#later());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("focus", () => this.results.length && this.#open(true));
    form.addEventListener("submit", (event) => this.#submit(event));
    form.addEventListener("focusout", (event) => {
      if (!form.contains(event.relatedTarget)) this.#open(false);
    });
  }

  #later() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.#ask(), WAIT_MS);
  }

  async #ask() {
    const text = this.input.value.trim();
    this.abort?.abort();
    if (text.length < 2) {
      this.#show([]);
      return;
    }
    this.abort = new AbortController();
    const { lat, lng } = this.page.map.getCenter();
    const query = new URLSearchParams({ q: text, lon: lng.toFixed(5), lat: lat.toFixed(5) });
    try {
      const response = await fetch(`/lieux?${query}`, { signal: this.abort.signal });
      if (!response.ok) throw new Error(String(response.status));
      const answer = await response.json();
      this.asked = text;
      this.#show(answer.results, answer.note);
    } catch (error) {
      if (error.name !== "AbortError") this.#show([], this.page.words.motRecherche);
    }
  }

  #show(results, note = "") {
    this.results = results;
    this.active = -1;
    const rows = results.map((result, index) => this.#option(result, index));
    if (note) {
      const line = document.createElement("li");
      line.className = "search-note";
      line.setAttribute("role", "presentation");
      line.textContent = note;
      rows.push(line);
    }
    this.list.replaceChildren(...rows);
    this.#open(rows.length > 0);
    this.#mark();
    if (this.input.value.trim().length > 1) this.page.announce(note || `${results.length}`);
  }

  #option(result, index) {
    const row = document.createElement("li");
    row.id = `${this.list.id}-${index}`;
    row.setAttribute("role", "option");
    const name = document.createElement("b");
    name.textContent = result.label;
    const detail = document.createElement("span");
    detail.textContent = result.detail;
    row.append(name, detail);
    row.addEventListener("mousedown", (event) => event.preventDefault());
    row.addEventListener("click", () => this.#choose(result));
    return row;
  }

  #open(open) {
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
  }

  #key(event) {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    const count = this.results.length;
    if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.#open(false);
    } else if (moves[event.key] && count) {
      event.preventDefault();
      this.#open(true);
      const from = this.active < 0 && event.key === "ArrowUp" ? 0 : this.active;
      this.active = (from + moves[event.key] + count) % count;
      this.#mark();
    }
  }

  #mark() {
    for (const [index, row] of [...this.list.querySelectorAll("[role=option]")].entries()) {
      row.setAttribute("aria-selected", String(index === this.active));
      if (index === this.active) row.scrollIntoView({ block: "nearest" });
    }
    if (this.active < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `${this.list.id}-${this.active}`);
  }

  /** Whether what is proposed for these very words is under the reader's eyes. */
  #seen() {
    const said = this.input.value.trim() === this.asked;
    return said && this.results.length > 0 && !this.list.hidden;
  }

  /** Enter opens what was seen; what nobody saw is shown first, and opened by a second Enter. */
  async #submit(event) {
    event.preventDefault();
    window.clearTimeout(this.timer);
    if (this.#seen()) {
      this.#choose(this.results[Math.max(this.active, 0)]);
      return;
    }
    await this.#ask();
    if (!this.results.length) return;
    this.active = 0;
    this.#mark();
  }

  #choose(result) {
    this.input.value = result.label;
    this.#open(false);
    this.page.search.go(result, this.input);
  }
}

export class Search {
  constructor(page) {
    this.page = page;
    this.marker = null;
    this.fields = [...document.querySelectorAll("form[data-search]")].map(
      (form) => new Field(page, form),
    );
  }

  /** Go to a result: its card when it has one, else a pin. */
  go({ kind, code, label, lon, lat, zoom }, from) {
    this.marker?.remove();
    this.marker = null;
    this.page.list.raise(false);
    this.page.goTo([lat, lon], zoom ?? 17, { card: CARDS.has(kind) });
    if (CARDS.has(kind)) {
      this.page.card.open(kind, code, { focus: true, from });
      return;
    }
    const icon = dropIcon(label);
    this.marker = L.marker([lat, lon], { icon, keyboard: false, interactive: false }).addTo(
      this.page.map,
    );
    this.page.announce(label);
  }
}
