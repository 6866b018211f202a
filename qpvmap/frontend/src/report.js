// Filing: makes three steps of the form. Without it, the page is one form that works as well.
import { Discretion } from "./discretion.js";
import { dropDraft, newId, readDraft, saveDraft } from "./draft.js";
import { PhotoChoice } from "./photos-choose.js";
import { forgetPhotosOf } from "./photos-kept.js";
import { sendPhotos } from "./photos-send.js";
import { findMe, GOOD_M } from "./position.js";
import { byId, fill, openAround, parsed, tell } from "./report-dom.js";
import { Suggest } from "./suggest.js";

const STEPS = ["ou", "quoi", "preuve"];
const PREVIEW_WAIT_MS = 350;
const SEND_PATIENCE_MS = 20000;
const CLOSE_ZOOM = 17;
const KEPT = [
  "client_id",
  "lon",
  "lat",
  "accuracy_m",
  "position_method",
  "lieu",
  "category",
  "description",
  "danger",
  "contact_name",
  "contact_email",
  "contact_phone",
  "contact_consent",
];

const pinOf = ({ geometry, properties }) => {
  const [lon, lat] = geometry.coordinates;
  return { ...properties, lon, lat };
};

class Filing {
  constructor(form) {
    this.form = form;
    this.fields = form.elements;
    this.words = form.dataset;
    this.refused = Boolean(form.querySelector("[data-focus]"));
    this.discretion = new Discretion(form);
    this.#listen();
    this.#restore();
    this.#startStep();
    this.#draw();
    this.#suggest();
    if (!this.fields.lon.value) this.locate();
    else this.#preview();
    this.#natureNote();
    this.photos = new PhotoChoice(byId("photos"), () => this.fields.client_id.value);
  }

  #say(name, values = {}) {
    let text = this.words[`w${name[0].toUpperCase()}${name.slice(1)}`];
    for (const [key, value] of Object.entries(values)) text = text.replace(`{${key}}`, value);
    return text;
  }

  #listen() {
    this.form.addEventListener("submit", (event) => this.#submit(event));
    this.form.addEventListener("input", () => this.#save());
    this.form.addEventListener("change", (event) => this.#changed(event));
    byId("retour").addEventListener("click", (event) => this.#back(event));
    byId("ma-position").addEventListener("click", () => this.locate());
    byId("revenir").addEventListener("click", () => this.#home());
    byId("recommencer").addEventListener("click", () => this.#restart());
    window.addEventListener("hashchange", () => this.#show(this.#asked(), true));
    window.addEventListener("pageshow", (event) => {
      // Come back to after it was sent: what follows is another signalement.
      if (event.persisted && !readDraft()) this.fields.client_id.value = newId();
    });
  }

  #changed({ target }) {
    if (target.name === "category") {
      tell(byId("categorie-manque"), "");
      this.#natureNote();
      this.#preview();
    }
    if (target.name === "danger") this.#preview();
    if (target.name === "choix") {
      const [lon, lat, accuracy, ...label] = target.value.split(",");
      const place = { label: label.join(","), lon: Number(lon), lat: Number(lat) };
      this.#placeAt({ ...place, accuracy_m: Number(accuracy) || null });
    }
    this.#save();
  }

  #natureNote() {
    const chosen = this.form.querySelector("[name=category]:checked");
    const note = byId("confidentiel");
    note.hidden = chosen?.dataset.nature !== "tranquillite";
    if (!note.hidden) note.scrollIntoView({ block: "nearest" });
  }

  /* Draft */

  #save() {
    const values = new FormData(this.form);
    saveDraft(Object.fromEntries(KEPT.map((name) => [name, values.get(name) ?? ""])));
  }

  #restore() {
    const draft = readDraft();
    const fresh = !this.refused && !window.location.search;
    if (!draft || !fresh || !(draft.category || draft.description)) return;
    for (const name of KEPT) fill(this.fields[name], draft[name] ?? "");
    openAround(this.form.querySelector("[name=category]:checked"));
    if (draft.contact_email || draft.contact_phone) byId("contact").open = true;
    byId("brouillon").hidden = false;
    this.discretion.ask();
  }

  async #restart() {
    dropDraft();
    await forgetPhotosOf(this.fields.client_id.value).catch(() => {});
    window.location.assign(window.location.pathname);
  }

  /* Steps */

  #asked() {
    const wanted = window.location.hash.slice(1);
    return STEPS.includes(wanted) ? wanted : STEPS[0];
  }

  #startStep() {
    const wrong = this.form.querySelector(".step .field-error:not([hidden]), .step [data-wrong]");
    this.#show(wrong ? wrong.closest(".step").id : this.#asked(), false);
  }

  #show(step, focus) {
    this.step = step;
    this.form.dataset.step = step;
    const at = STEPS.indexOf(step);
    this.form.querySelectorAll(".steps a").forEach((link, index) => {
      link.toggleAttribute("aria-current", index === at);
      if (index === at) link.setAttribute("aria-current", "step");
      link.parentElement.classList.toggle("is-done", index < at);
    });
    this.#name();
    this.map?.refresh();
    if (!focus) return;
    window.scrollTo(0, 0);
    byId(step).querySelector("h2").focus({ preventScroll: true });
  }

  /** Say on the button what it does: it answers the question of the near ones once that was seen. */
  #name() {
    const asks = this.step === "quoi" && this.nearShown && !byId("deja").hidden;
    const plain = this.step === "preuve" ? "send" : "next";
    byId("suite").textContent = this.#say(asks ? "other" : plain);
  }

  #go(step) {
    window.location.hash = step;
  }

  #back(event) {
    const at = STEPS.indexOf(this.step);
    if (at === 0) return;
    event.preventDefault();
    this.#go(STEPS[at - 1]);
  }

  async #submit(event) {
    // « C’est le même » is a form of its own: it goes to the page that says thanks.
    if (event.submitter?.hasAttribute("formaction")) return;
    event.preventDefault();
    if (this.sending) return;
    if (this.step === "ou" && (await this.#settled())) this.#go("quoi");
    else if (this.step === "quoi" && this.#categoryChosen()) this.#go("preuve");
    else if (this.step === "preuve") this.#finish();
  }

  async #finish() {
    if (!(this.fields.lon.value || this.fields.lieu.value)) this.#go("ou");
    else if (!this.#categoryChosen()) this.#go("quoi");
    else if (this.discretion.isUnconfirmed()) this.fields.confirmed.focus();
    else await this.#send();
  }

  /** What is near by comes under the eyes of who has just chosen a category. */
  #showNear(html) {
    const near = byId("deja");
    if (html === this.nearHtml) return;
    this.nearHtml = html;
    this.nearWatch?.disconnect();
    this.nearShown = false;
    this.fields.near_seen.value = "";
    near.hidden = !html;
    near.replaceChildren(...parsed(html));
    if (!html) return;
    this.nearWatch = new IntersectionObserver(([seen]) => seen.isIntersecting && this.#nearSeen());
    this.nearWatch.observe(byId("deja-titre"));
    if (this.step === "quoi") byId("deja-titre").scrollIntoView({ block: "center" });
  }

  /** Who has not seen it is asked by the server, before anything is filed. */
  #nearSeen() {
    this.nearWatch.disconnect();
    this.nearShown = true;
    this.fields.near_seen.value = "oui";
    this.#name();
  }

  #categoryChosen() {
    const chosen = Boolean(this.form.querySelector("[name=category]:checked"));
    tell(byId("categorie-manque"), chosen ? "" : this.#say("category"));
    return chosen;
  }

  /** Whether there is a place to go on with; an address that was typed and not chosen is looked up. */
  async #settled() {
    this.stopLocating?.();
    if (this.typed) {
      const place = await this.suggest.best();
      if (place) this.#placeAt(place);
      else tell(byId("hors"), this.#noPlace());
      if (!place) return false;
    }
    if (this.fields.lon.value && !this.unserved) return true;
    if (!this.unserved) tell(byId("hors"), this.#say("where"));
    byId("lieu").focus();
    return false;
  }

  /* Sending */

  async #send() {
    this.#busy(true);
    await this.photos.settled();
    this.#save();
    try {
      let answer = await this.#post();
      if (answer.status === 400 && (await this.#newToken())) answer = await this.#post();
      if (answer.redirected && answer.ok) return window.location.assign(answer.url);
      // Refused: let the browser show the page that says why. The same client_id files nothing twice.
      this.form.submit();
    } catch {
      this.#busy(false);
      tell(byId("envoi-erreur"), this.#say(navigator.onLine ? "slow" : "offline"));
      byId("envoi-erreur").scrollIntoView({ block: "center" });
    }
  }

  #post() {
    return fetch(this.form.action, {
      method: "POST",
      body: new FormData(this.form),
      signal: AbortSignal.timeout(SEND_PATIENCE_MS),
    });
  }

  /** A page kept open too long carries an old token: take a new one, once. */
  async #newToken() {
    const page = await fetch(this.form.action, { cache: "no-store" });
    const read = new DOMParser().parseFromString(await page.text(), "text/html");
    const token = read.querySelector("[name=csrf_token]")?.value;
    if (token) this.fields.csrf_token.value = token;
    return Boolean(token);
  }

  #busy(sending) {
    this.sending = sending;
    byId("suite").setAttribute("aria-disabled", String(sending));
    if (sending) byId("suite").textContent = this.#say("sending");
    else this.#name();
    if (sending) tell(byId("envoi-erreur"), "");
  }

  /* Place */

  async #draw() {
    const lon = Number(this.fields.lon.value || this.words.lon);
    const lat = Number(this.fields.lat.value || this.words.lat);
    if (!(lon && lat)) return;
    const { miniMap } = await import("./minimap.js");
    const known = Boolean(this.fields.lon.value);
    this.map = miniMap(byId("carte"), {
      lon,
      lat,
      zoom: known ? CLOSE_ZOOM : CLOSE_ZOOM - 1,
      accuracy: Number(this.fields.accuracy_m.value) || null,
      draggable: true,
      onMove: (place) => this.#pinned(place),
    });
    if (this.fix && !this.moved) this.map.setPosition({ ...this.fix, zoom: CLOSE_ZOOM });
    this.#drawAround();
  }

  /** What was already reported shows as small pins, those that this person may see. */
  async #drawAround() {
    try {
      const answer = await fetch(this.words.around);
      const { features } = await answer.json();
      this.map.setPins(features.map(pinOf));
    } catch {
      // A help and no more: filing goes on without it.
    }
  }

  locate() {
    this.stopLocating?.();
    this.moved = false;
    this.#position(this.#say("searching"));
    this.stopLocating = findMe({
      onFix: (fix) => this.#fixed(fix),
      onFail: (why) => this.moved || this.#position(this.#say(why)),
    });
  }

  #fixed(fix) {
    if (this.moved) return;
    this.fix = fix;
    const metres = { m: Math.round(fix.accuracy) };
    const waiting = fix.settled ? "weak" : "better";
    this.#position(this.#say(fix.accuracy <= GOOD_M ? "good" : waiting, metres));
    this.#setPlace({ ...fix, method: "gps" });
    this.map?.setPosition({ ...fix, zoom: CLOSE_ZOOM });
  }

  #pinned(place) {
    this.moved = true;
    this.stopLocating?.();
    this.typed = false;
    this.fields.lieu.value = "";
    this.#position(this.#say("pin"));
    this.#setPlace({ ...place, method: "pin" });
  }

  #placeAt(place) {
    this.moved = true;
    this.stopLocating?.();
    this.typed = false;
    this.fields.lieu.value = place.label;
    const { lon, lat, accuracy_m: accuracy } = place;
    this.#position(accuracy ? this.#say("rough", { m: accuracy }) : this.#say("address"));
    this.#setPlace({ lon, lat, accuracy, method: "address" });
    this.map?.setPosition({ lon, lat, accuracy, zoom: CLOSE_ZOOM });
  }

  /** Out of the territory there is nothing to see: show the quarter again, with no place chosen. */
  #home() {
    this.moved = true;
    this.stopLocating?.();
    for (const name of ["lon", "lat", "accuracy_m", "position_method"])
      this.fields[name].value = "";
    this.unserved = false;
    byId("revenir").hidden = true;
    tell(byId("hors"), "");
    tell(byId("dehors"), "");
    this.#position(this.#say("home"));
    const { lon, lat } = this.words;
    this.map?.setPosition({ lon: Number(lon), lat: Number(lat), zoom: CLOSE_ZOOM - 2 });
    this.#save();
    byId("lieu").focus({ preventScroll: true });
  }

  #setPlace({ lon, lat, accuracy, method }) {
    this.fields.lon.value = lon.toFixed(6);
    this.fields.lat.value = lat.toFixed(6);
    this.fields.accuracy_m.value = accuracy ? accuracy.toFixed(1) : "";
    this.fields.position_method.value = method;
    this.#save();
    this.#preview();
  }

  #position(words) {
    byId("position").textContent = words;
  }

  #suggest() {
    this.fields.lieu.addEventListener("input", () => {
      this.typed = this.fields.lieu.value.trim().length > 0;
    });
    this.suggest = new Suggest(this.fields.lieu, byId("lieux"), {
      search: (words) => this.#places(words),
      choose: (place) => this.#placeAt(place),
      say: (n) => this.#position(n ? this.#say("suggestions", { n }) : this.#noPlace()),
    });
  }

  /** Why no place is proposed: the server's own words when the address search is down. */
  #noPlace() {
    return this.placeNote ? `${this.placeNote} ${this.#say("orPin")}` : this.#say("noSuggestion");
  }

  async #places(words) {
    this.placeNote = "";
    try {
      const answer = await fetch(`${this.words.places}?${new URLSearchParams({ q: words })}`);
      const { results = [], trouble = "" } = answer.ok ? await answer.json() : {};
      this.placeNote = trouble;
      return results.filter((place) => place.is_position && place.kind !== "signalement");
    } catch {
      return [];
    }
  }

  /* Who will take it: words come from the server */

  #preview() {
    clearTimeout(this.previewTimer);
    this.previewTimer = setTimeout(() => this.#askPreview(), PREVIEW_WAIT_MS);
  }

  async #askPreview() {
    const form = new FormData(this.form);
    const names = ["lon", "lat", "accuracy_m", "category", "danger"];
    const query = new URLSearchParams(names.map((name) => [name, form.get(name) ?? ""]));
    try {
      const answer = await fetch(`${this.words.preview}?${query}`);
      if (answer.ok) this.#tellPreview(await answer.json());
    } catch {
      // Without network there is no preview; filing goes on.
    }
  }

  #tellPreview({ served, message, inside, quarter, outside, handling, near }) {
    this.unserved = !served;
    tell(byId("hors"), served ? "" : message);
    tell(byId("quartier"), served ? quarter : "");
    byId("quartier").classList.toggle("is-brand", inside);
    byId("quartier").classList.toggle("is-plain", !inside);
    tell(byId("dehors"), served ? outside : "");
    byId("suivi").hidden = !served;
    byId("revenir").hidden = served;
    this.#showNear(near ?? "");
    this.#name();
    if (served) byId("qui-mots").replaceChildren(...parsed(handling));
  }
}

const form = byId("signaler");
const receipt = document.querySelector("[data-sent]");
if (form) new Filing(form);
if (receipt) sendPhotos(byId("photos-envoi"), receipt.dataset.sent);
if (receipt && readDraft()?.client_id === receipt.dataset.sent) dropDraft();
