// The list beside the map: four tabs, filters, and rows that light their pins and open their cards.

const plainClick = (event) =>
  event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;

const TAB_LAYERS = { operation: ["operations"], equipement: ["equipements"] };

export class SideList {
  constructor(page) {
    this.page = page;
    this.sheet = document.querySelector("#liste");
    this.tabs = [...this.sheet.querySelectorAll(".tabs a")];
    this.lists = [...this.sheet.querySelectorAll("[data-list]")];
    this.rows = new Map();
    for (const row of this.sheet.querySelectorAll("[data-kind]")) {
      this.rows.set(`${row.dataset.kind}:${row.dataset.code}`, row);
    }
  }

  start() {
    for (const tab of this.tabs)
      tab.addEventListener("click", (event) => this.#openTab(event, tab));
    for (const chip of this.sheet.querySelectorAll(".chip[data-filter]")) {
      chip.addEventListener("click", (event) => this.#filter(event, chip));
    }
    this.handle = this.sheet.querySelector(".sheet-handle");
    this.handle.addEventListener("click", () => this.raise(!this.raised));
    this.raise(false);
    this.#bindRows();
    const pressed = this.sheet.querySelector('.chip[aria-pressed="true"]');
    if (pressed) this.#applyFilter(pressed.dataset.filter);
  }

  get raised() {
    return this.sheet.classList.contains("is-raised");
  }

  /** Phone: pull the sheet up over the map, or let it down. */
  raise(up) {
    this.sheet.classList.toggle("is-raised", up);
    this.handle.setAttribute("aria-expanded", String(up));
  }

  /** Let it down and give the focus back to its handle. True if it was up. */
  lower() {
    if (!this.raised || this.page.isWide()) return false;
    this.raise(false);
    this.handle.focus();
    return true;
  }

  #bindRows() {
    const rowOf = (event) => event.target.closest?.("[data-kind]");
    const hint = (on) => (event) => {
      const row = rowOf(event);
      if (row) this.page.card.hint(row.dataset.kind, row.dataset.code, on);
    };
    this.sheet.addEventListener("pointerover", hint(true));
    this.sheet.addEventListener("pointerout", hint(false));
    this.sheet.addEventListener("focusin", hint(true));
    this.sheet.addEventListener("focusout", hint(false));
    this.sheet.addEventListener("click", (event) => {
      const row = rowOf(event);
      const link = event.target.closest("a");
      if (!row || !link || !plainClick(event)) return;
      event.preventDefault();
      this.#choose(row, link);
    });
  }

  /** A row chosen: centre the map on it and open its card. */
  #choose(row, link) {
    const { kind, code, lon, lat, zoom } = row.dataset;
    for (const key of TAB_LAYERS[kind] ?? []) {
      if (!this.page.shown(key)) this.page.show(key, true);
    }
    this.raise(false);
    const wanted = Number(zoom) || Math.max(this.page.map.getZoom(), 17);
    if (lon) this.page.goTo([Number(lat), Number(lon)], wanted, { card: true });
    this.page.card.open(kind, code, { focus: true, from: link });
  }

  /** Mark the row of what is open. */
  select(kind, code) {
    this.sheet.querySelector(".item.is-on")?.classList.remove("is-on");
    const row = this.rows.get(`${kind}:${code}`);
    if (!row) return;
    row.classList.add("is-on");
    if (this.page.isWide() && !row.hidden) row.scrollIntoView({ block: "nearest" });
  }

  #openTab(event, tab) {
    if (!plainClick(event)) return;
    event.preventDefault();
    for (const other of this.tabs) other.removeAttribute("aria-current");
    tab.setAttribute("aria-current", "page");
    for (const list of this.lists) list.hidden = list.dataset.list !== tab.dataset.tab;
    this.page.announce(tab.textContent.trim());
  }

  #filter(event, chip) {
    event.preventDefault();
    for (const other of this.sheet.querySelectorAll(".chip[data-filter]")) {
      other.setAttribute("aria-pressed", String(other === chip));
    }
    const count = this.#applyFilter(chip.dataset.filter);
    this.page.announce(`${chip.textContent.trim()} : ${count}`);
  }

  #applyFilter(filter) {
    let count = 0;
    for (const row of this.sheet.querySelectorAll('[data-kind="signalement"]')) {
      row.hidden = !row.dataset.filters.split(" ").includes(filter);
      count += Number(!row.hidden);
    }
    const empty = this.sheet.querySelector("[data-empty]");
    if (empty) empty.hidden = count > 0;
    if (filter === "resolus" && !this.page.shown("resolus")) this.page.show("resolus", true);
    this.page.signalements?.filter(filter === "retard");
    return count;
  }

  /** Write the chosen indicator's value in the rows of the IRIS. */
  figures(values) {
    for (const row of this.sheet.querySelectorAll('[data-kind="iris"]')) {
      const slot = row.querySelector("[data-figure]");
      slot.textContent = values[row.dataset.code]?.text ?? "";
      slot.hidden = !slot.textContent;
    }
  }

  /** Distances from where the person is. */
  distances(from, words) {
    for (const row of this.sheet.querySelectorAll('[data-kind="signalement"][data-lon]')) {
      const to = [Number(row.dataset.lat), Number(row.dataset.lon)];
      row.querySelector("[data-distance]").textContent = words(this.page.map.distance(from, to));
    }
  }
}
