// A text field that proposes places while one types (ARIA combobox with a list).

const WAIT_MS = 250;
const SHORTEST = 3;

/** `search(words)` resolves to places `{label, detail, lon, lat}`; `choose(place)` gets the one taken. */
export class Suggest {
  constructor(input, list, { search, choose, say }) {
    Object.assign(this, { input, list, search, choose, say, places: [], at: -1, asked: 0 });
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);
    input.autocomplete = "off";
    this.close();
    input.addEventListener("input", () => this.#later());
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => this.#take(event.target.closest("[role=option]")));
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.at = -1;
  }

  /** The likeliest place for what is typed, or null: for who goes on without choosing. */
  async best() {
    this.places = await this.search(this.input.value.trim());
    return this.places[0] ?? null;
  }

  #later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ask(), WAIT_MS);
  }

  async #ask() {
    const words = this.input.value.trim();
    const turn = ++this.asked;
    if (words.length < SHORTEST) return this.close();
    const places = await this.search(words);
    if (turn !== this.asked || document.activeElement !== this.input) return;
    this.places = places;
    this.list.replaceChildren(...places.map((place, index) => this.#option(place, index)));
    this.close();
    this.list.hidden = !places.length;
    if (places.length) this.list.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-expanded", String(places.length > 0));
    this.say(places.length);
  }

  #option(place, index) {
    const option = document.createElement("li");
    option.id = `${this.list.id}-${index}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.append(place.label);
    if (place.detail) {
      const detail = document.createElement("small");
      detail.textContent = place.detail;
      option.append(detail);
    }
    return option;
  }

  #key(event) {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (this.list.hidden) return;
    if (event.key in moves) {
      event.preventDefault();
      this.#light((this.at + moves[event.key] + this.places.length) % this.places.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#take(this.list.children[Math.max(this.at, 0)]);
    } else if (event.key === "Escape") {
      this.close();
    }
  }

  #light(index) {
    this.list.children[this.at]?.setAttribute("aria-selected", "false");
    this.at = index;
    const option = this.list.children[index];
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", option.id);
  }

  #take(option) {
    if (!option) return;
    const place = this.places[[...this.list.children].indexOf(option)];
    this.asked++;
    this.input.value = place.label;
    this.close();
    this.choose(place);
  }
}
