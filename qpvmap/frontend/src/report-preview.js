// Filing, what is said meanwhile: whether it is in the quarter, who will take it, what is near already.
// The server's words when it answers; the pack's when it does not.
import { nearOf, ownerOf, placeOf, readPack, shareInside } from "./pack.js";
import { byId, parsed, tell } from "./report-dom.js";

const WAIT_MS = 350;
const PATIENCE_MS = 8000;
const NAMES = ["lon", "lat", "accuracy_m", "category", "danger"];
const CUT = 120;

export class Preview {
  /** `onServed(served)`, `onNear()` tell the form what changed. */
  constructor(form, { say, onServed, onNear }) {
    Object.assign(this, { form, fields: form.elements, say, onServed, onNear, turn: 0 });
    this.nearShown = false;
    this.packed = readPack();
    this.packed.then((pack) => {
      this.pack = pack;
    });
  }

  /** Ask a little later: a pin that moves asks once. */
  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#ask(), WAIT_MS);
  }

  #values() {
    const form = new FormData(this.form);
    return Object.fromEntries(NAMES.map((name) => [name, form.get(name) ?? ""]));
  }

  async #ask() {
    const turn = ++this.turn;
    const values = this.#values();
    if (!values.lon) return;
    try {
      const query = new URLSearchParams(values);
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = await fetch(`${this.form.dataset.preview}?${query}`, { signal });
      const said = answer.ok ? await answer.json() : null;
      if (said && this.#isFor(turn)) this.#tell(said);
    } catch {
      await this.packed;
      if (this.#isFor(turn)) this.#tellFromPack(values);
    }
  }

  /** Whether an answer is the latest asked for, and the form still there: it may be sent by now. */
  #isFor(turn) {
    return turn === this.turn && this.form.isConnected;
  }

  #tell({ served, message, inside, quarter, outside, handling, near }) {
    this.#where({ served, message, inside, quarter, outside });
    this.showNear(near ? [...parsed(near)] : [], near);
    if (served) byId("qui-mots").replaceChildren(...parsed(handling));
  }

  #where({ served, message, inside, quarter, outside }) {
    tell(byId("hors"), served ? "" : message);
    for (const id of ["quartier", "quartier-court"]) {
      tell(byId(id), served ? quarter : "");
      byId(id).classList.toggle("is-brand", inside);
      byId(id).classList.toggle("is-plain", !inside);
    }
    tell(byId("dehors"), served ? outside : "");
    byId("suivi").hidden = !served;
    byId("revenir").hidden = served;
    this.onServed(served);
  }

  /* From the pack */

  #tellFromPack({ lon, lat, accuracy_m, category }) {
    if (!this.pack) return;
    const point = { lon: Number(lon), lat: Number(lat) };
    const radius = Number(accuracy_m) || 0;
    const { commune, quarter } = placeOf(this.pack, point);
    this.#where({
      served: Boolean(commune),
      message: this.say("elsewhere"),
      inside: Boolean(quarter),
      quarter: this.#quarterWords(Boolean(quarter), shareInside(this.pack, point, radius)),
      outside: "",
    });
    this.nearFromPack(point, category);
    if (commune) byId("qui-mots").replaceChildren(this.#owner(point, radius, category, commune));
  }

  /** How the place stands to the quarter, doubt included, as the server says it. */
  #quarterWords(inside, share) {
    const n = Math.round(share * 100);
    if (inside) return n === 100 ? this.say("inside") : this.say("insideSure", { n });
    return n === 0 ? this.say("outside") : this.say("edge", { n });
  }

  #owner(point, radius, category, commune) {
    const list = byId("qui-modele").content.firstElementChild.cloneNode(true);
    const owner = category ? ownerOf(this.pack, point, category, radius) : null;
    const values = owner ?? { team: this.say("unknownTeam"), of: "", why: "" };
    const { team, of, why } = values;
    for (const [name, text] of Object.entries({ team, of, why, commune: commune.name })) {
      const shown = list.querySelector(`[data-${name}]`);
      shown.textContent = name === "of" && text ? `, ${text}` : text;
      if (name === "why") for (const row of list.querySelectorAll(".why")) row.hidden = !text;
    }
    const { doubt } = owner ?? {};
    for (const row of list.querySelectorAll(".doubt")) row.hidden = !doubt;
    const percent = doubt && { team: doubt.team, n: Math.round(doubt.share * 100) };
    if (doubt) list.querySelector("[data-doubt]").textContent = this.say("doubt", percent);
    return list;
  }

  /** Show what the pack knows near by, at once. Whether there was anything. */
  nearFromPack(point, category) {
    if (!this.pack || !category) return false;
    const { radius, reports } = nearOf(this.pack, point, category);
    const mark = reports.map(({ reference }) => reference).join();
    this.showNear(reports.length ? this.#nearList(radius, reports) : [], mark);
    return reports.length > 0;
  }

  #nearList(radius, reports) {
    const { content } = byId("deja-modele");
    const head = content.querySelector(".card-head").cloneNode(true);
    head.querySelector("[data-n]").textContent = this.say("near", { n: reports.length, m: radius });
    const list = content.querySelector("ul").cloneNode();
    const model = content.querySelector("li");
    list.append(...reports.map((report) => this.#nearRow(model.cloneNode(true), report)));
    return [head, list];
  }

  #nearRow(row, { reference, of, words, status, at, metres }) {
    const text = words || of.name;
    const short = text.length > CUT ? `${text.slice(0, CUT)}…` : text;
    const day = new Date(at).toLocaleDateString("fr-FR", { day: "numeric", month: "long" });
    const values = { words: short, status, reference };
    values.where = this.say("away", { m: Math.max(1, Math.round(metres)), day });
    for (const [name, value] of Object.entries(values)) {
      row.querySelector(`[data-${name}]`).textContent = value;
    }
    const use = row.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#i-${of.icon}`));
    row
      .querySelector("button")
      .setAttribute("formaction", `/signalements/${encodeURIComponent(reference)}/soutien`);
    return row;
  }

  /** What is near by comes under the eyes of who has just chosen a category. `mark` tells it apart. */
  showNear(nodes, mark) {
    const near = byId("deja");
    if (mark === this.nearMark) return;
    this.nearMark = mark;
    this.nearWatch?.disconnect();
    this.nearShown = false;
    this.fields.near_seen.value = "";
    near.hidden = !nodes.length;
    near.replaceChildren(...nodes);
    if (nodes.length) this.#watchNear();
    this.onNear();
  }

  #watchNear() {
    this.nearWatch = new IntersectionObserver(([seen]) => seen.isIntersecting && this.#seen());
    this.nearWatch.observe(byId("deja-titre"));
    if (!byId("quoi").hidden) byId("deja-titre").scrollIntoView({ block: "center" });
  }

  #seen() {
    this.nearWatch.disconnect();
    this.nearShown = true;
    this.fields.near_seen.value = "oui";
    this.onNear();
  }

  /** Whether something near by was found, and its author has not seen it yet. */
  get isUnseen() {
    return !byId("deja").hidden && !this.nearShown;
  }

  get isShown() {
    return !byId("deja").hidden && this.nearShown;
  }
}
