// The card of a place, a signalement, an operation or an equipment. Its words come from the server's
// template: the page at /carte/fiches/<kind>/<code> is also what the list links to without JavaScript.
import { light } from "./map-pins.js";

const FRAGMENT = "?partie=fiche";

const id = (kind, code) => `${kind}:${code}`;

/** Parse the server's (escaped) fragment; scripts in a parsed document never run. */
async function fragment(kind, code) {
  const response = await fetch(`/carte/fiches/${kind}/${encodeURIComponent(code)}${FRAGMENT}`);
  if (!response.ok) throw new Error(String(response.status));
  const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
  return document.importNode(parsed.querySelector(".fiche"), true);
}

export class Card {
  constructor(page) {
    this.page = page;
    this.current = null;
    this.drawn = new Map();
    this.panel = page.shell.querySelector("#fiche");
    this.body = this.panel.querySelector(".fiche-corps");
    this.panel.querySelector("[data-action=fermer]").addEventListener("click", () => this.close());
    this.panel.addEventListener("click", (event) => this.#follow(event));
  }

  /** Remember what is drawn for a thing, so as to light it. */
  know(kind, code, layer) {
    this.drawn.set(id(kind, code), layer);
  }

  /** Links from card to card stay on the map. */
  #follow(event) {
    const link = event.target.closest("a[data-card-kind]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.open(link.dataset.cardKind, link.dataset.cardCode, { focus: true });
  }

  async open(kind, code, { focus = false, from = null } = {}) {
    const asked = { kind, code };
    this.#unlight();
    this.current = asked;
    this.opener = from ?? this.opener;
    this.relight();
    try {
      const content = await fragment(kind, code);
      if (this.current !== asked) return;
      this.body.replaceChildren(content);
      this.page.hush();
      this.panel.hidden = false;
      this.panel.scrollTop = 0;
      this.page.shell.classList.add("has-card");
      if (focus) this.body.querySelector("h2").focus();
    } catch {
      if (this.current === asked) this.close();
      this.page.say("motFiche");
      return;
    }
    this.page.list.select(kind, code);
    this.page.remember();
  }

  /** Close it and give the focus back to what opened it. True if it was open. */
  close() {
    if (this.panel.hidden) return false;
    const inside = this.panel.contains(document.activeElement);
    this.#unlight();
    this.current = null;
    this.panel.hidden = true;
    this.page.shell.classList.remove("has-card");
    this.page.list.select(null, null);
    if (inside) (this.opener?.isConnected ? this.opener : this.page.map.getContainer()).focus();
    this.opener = null;
    this.page.remember();
    return true;
  }

  /** Light a thing on the map for a while (pointer or focus on its row). */
  hint(kind, code, on) {
    const chosen = this.current && id(kind, code) === id(this.current.kind, this.current.code);
    if (!chosen) this.#light(kind, code, on);
  }

  relight() {
    if (this.current) this.#light(this.current.kind, this.current.code, true);
  }

  #unlight() {
    if (this.current) this.#light(this.current.kind, this.current.code, false);
  }

  #light(kind, code, on) {
    const layer = this.drawn.get(id(kind, code));
    if (!layer) return;
    const visible = this.page.signalements?.group.getVisibleParent(layer) ?? layer;
    light(visible, on);
  }
}
