// The round under way. The server's word goes first; what was pressed since the page was made, with or
// without network, goes before it.
import { keepForm, renew, sayIn, sendForm, sendPlainly } from "./noting.js";
import { note, setNote } from "./outbox-store.js";
import { findMe } from "./position.js";
import { OUTSIDE, sectorAt } from "./sector.js";

const person = () => document.body.dataset.person ?? "";
const noteKey = () => `round:${person()}`;

function clock(iso) {
  const at = new Date(iso);
  return `${at.getHours()} h ${String(at.getMinutes()).padStart(2, "0")}`;
}

class Rounds {
  constructor(card) {
    this.card = card;
    this.words = card.dataset;
    this.underWay = card.querySelector("[data-under-way]");
    this.start = card.querySelector("[data-start]");
    for (const form of card.querySelectorAll("form[data-note]")) {
      form.addEventListener("submit", (event) => this.#submitted(event, form));
      this.#offerPosition(form);
    }
    this.#restore();
  }

  /** What the phone noted after this page was made counts more than the page. */
  async #restore() {
    const known = await note(noteKey()).catch(() => null);
    if (known && known.at > this.words.now) this.#show(known);
  }

  #show(round) {
    this.underWay.hidden = !round.presence;
    this.start.hidden = Boolean(round.presence);
    if (!round.presence) return;
    this.underWay.dataset.presence = round.presence;
    for (const field of this.underWay.querySelectorAll("[name=presence]")) {
      field.value = round.presence;
    }
    this.#choose(this.underWay, round.sector);
    this.underWay.querySelector("[data-words-since]").textContent = this.words.wSince
      .replace("{h}", clock(round.since))
      .replace("{s}", this.#nameOf(round.sector));
  }

  #radio(within, code) {
    return within.querySelector(`[name=sector][value="${CSS.escape(code)}"]`);
  }

  #choose(within, code) {
    const radio = this.#radio(within, code);
    if (radio) radio.checked = true;
    return Boolean(radio);
  }

  #nameOf(code) {
    return this.#radio(this.card, code)?.closest("label").textContent.trim() ?? code;
  }

  async #submitted(event, form) {
    event.preventDefault();
    if (this.busy || !this.#isFilled(form)) return;
    this.busy = true;
    const kind = form.dataset.note;
    const presence = form.elements.presence?.value;
    const label =
      this.words[{ "presence-start": "wStart", "presence-move": "wMove" }[kind] ?? "wEnd"];
    try {
      const record = await keepForm(form, { needs: presence ? [presence] : [], label });
      await this.#remember(kind, record);
      const { outcome } = await sendForm(record);
      if (outcome === "refused") await setNote(noteKey(), null);
      if (outcome === "refused") return await sendPlainly(form, null, record.body);
      if (outcome === "sent") return window.location.assign("/parcours");
      this.#kept(form);
    } catch (error) {
      await sendPlainly(form, null, { at: new Date().toISOString() }, error);
    } finally {
      this.busy = false;
    }
  }

  #isFilled(form) {
    const chosen = form.dataset.note !== "presence-start" || form.elements.sector.value;
    form.querySelector("[data-sector-missing]")?.toggleAttribute("hidden", Boolean(chosen));
    return Boolean(chosen);
  }

  async #remember(kind, { id, body }) {
    const known = (await note(noteKey())) ?? {};
    const at = body.at;
    const next = {
      "presence-start": { presence: id, sector: body.sector, since: at, at },
      "presence-move": { ...this.#present(known), sector: body.sector, at },
      "presence-end": { presence: null, at },
    }[kind];
    await setNote(noteKey(), next);
    this.next = next;
  }

  /** The round as the page knows it, when the phone has no note of it. */
  #present(known) {
    const { presence, since } = this.underWay.dataset;
    return known.presence === presence ? known : { presence, since };
  }

  #kept(form) {
    renew(form);
    this.#show(this.next);
    sayIn(this.card.querySelector("[data-kept]"), this.words.wKept);
    this.card.querySelector("h2").scrollIntoView({ block: "nearest" });
  }

  /* Where am I? Told on the phone; the fix is thrown away with this function. */

  #offerPosition(form) {
    const button = form.querySelector("[data-locate]");
    if (!button || !navigator.geolocation) return;
    button.hidden = false;
    button.addEventListener("click", () => this.#locate(form));
    navigator.permissions
      ?.query({ name: "geolocation" })
      .then(({ state }) => state === "granted" && !form.closest("[hidden]") && this.#locate(form))
      .catch(() => {});
  }

  #locate(form) {
    const said = form.querySelector("[data-said]");
    const shapes = JSON.parse(this.words.shapes);
    said.textContent = this.words.wLooking;
    this.stop?.();
    this.stop = findMe({
      onFix: (fix) => {
        const code = sectorAt(shapes, fix);
        this.#choose(form, code);
        const words = code === OUTSIDE ? this.words.wOutside : this.words.wFound;
        said.textContent = words.replace("{s}", this.#nameOf(code));
      },
      onFail: (why) => {
        said.textContent = why === "refused" ? this.words.wRefused : this.words.wNone;
      },
    });
  }
}

export const startRounds = (card) => new Rounds(card);
