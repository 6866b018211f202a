// Filing: makes three steps of the form. Without it, the page is one form that works as well. Everything
// typed is a draft of the outbox from the first key; sending it lets the draft go.
import { Discretion } from "./discretion.js";
import {
  atHand,
  drafts,
  filingPhotos,
  keepAtHand,
  makeSupport,
  saveDraft,
  takeOldDraft,
} from "./filing-store.js";
import { submitNow, tellKept, tellNotKept } from "./keeping.js";
import { phone } from "./memory.js";
import { sendNow, whoIsHere } from "./outbox-send.js";
import {
  askToPersist,
  DRAFT,
  dropRecord,
  newId,
  recordOf,
  release,
  SENT,
  STUCK,
  takeBack,
} from "./outbox-store.js";
import { isMine } from "./outbox-watch.js";
import { PhotoChoice } from "./photos-choose.js";
import { tellPhotos } from "./photos-send.js";
import { byId, fill, openAround, tell } from "./report-dom.js";
import { Place } from "./report-place.js";
import { Preview } from "./report-preview.js";

const STEPS = ["ou", "quoi", "preuve"];
const SEND_PATIENCE_MS = 12000;
const EXPRESS = "qpvmap.position-donnee";
const KEPT = [
  "lon",
  "lat",
  "accuracy_m",
  "position_method",
  "captured_at",
  "captured_lon",
  "captured_lat",
  "captured_accuracy_m",
  "near_seen",
  "lieu",
  "category",
  "description",
  "danger",
  "confirmed",
  "contact_name",
  "contact_email",
  "contact_phone",
  "contact_consent",
];
const STEP_OF = { lieu: "ou", form: "ou", category: "quoi" };

class Filing {
  constructor(form, draft) {
    this.form = form;
    this.fields = form.elements;
    this.words = form.dataset;
    this.refused = Boolean(form.querySelector("[data-focus]"));
    this.saved = Promise.resolve();
    this.owner = byId("suivi");
    const say = (name, values) => this.#say(name, values);
    if (!this.refused) this.fields.client_id.value = draft?.id ?? newId(); // a kept page has an old one
    this.#fill(draft);
    this.discretion = new Discretion(form);
    this.place = new Place(form, { say, onPlace: () => this.#placed() });
    this.preview = new Preview(form, {
      say,
      onServed: (served) => {
        this.place.unserved = !served;
      },
      onNear: () => this.#name(),
    });
    this.photos = new PhotoChoice(byId("photos"), filingPhotos(this.id), {
      onChange: () => this.#save(),
    });
    this.#listen();
    this.#startStep(draft);
    if (this.place.isKnown) this.preview.later();
    else if (!this.place.isTyped) this.place.locate();
    this.#natureNote();
  }

  get id() {
    return this.fields.client_id.value;
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
    this.form.addEventListener("click", (event) => this.#tapped(event));
    byId("retour").addEventListener("click", (event) => this.#back(event));
    byId("recommencer").addEventListener("click", () => this.#restart());
    byId("autre").addEventListener("click", () => leaveFor("/signaler"));
    window.addEventListener("hashchange", () => this.#show(this.#asked(), true));
    window.addEventListener("pageshow", (event) => {
      // Come back to after it was sent: what follows is another signalement.
      if (event.persisted) window.location.reload();
    });
  }

  #changed({ target }) {
    if (target.name === "category") {
      tell(byId("categorie-manque"), "");
      this.#natureNote();
      this.preview.later();
    }
    if (target.name === "danger") this.preview.later();
    if (target.name === "choix") {
      const [lon, lat, accuracy, ...label] = target.value.split(",");
      const place = { label: label.join(","), lon: Number(lon), lat: Number(lat) };
      this.place.placeAt({ ...place, accuracy_m: Number(accuracy) || null });
    }
    this.#save();
  }

  /** In the quick way, a tap on a category goes on by itself, unless the same may be near by already. */
  #tapped({ target, detail }) {
    if (!this.express || this.step !== "quoi" || target.name !== "category" || !detail) return;
    if (target.dataset.nature === "tranquillite") return;
    const near = this.place.isKnown && this.preview.nearFromPack(this.place.point, target.value);
    if (near) return;
    byId("preuve").append(this.form.querySelector(".danger")); // asked there: its own step is passed by
    this.#go("preuve");
  }

  #natureNote() {
    const chosen = this.form.querySelector("[name=category]:checked");
    const note = byId("confidentiel");
    note.hidden = chosen?.dataset.nature !== "tranquillite";
    if (!note.hidden) note.scrollIntoView({ block: "nearest" });
  }

  #placed() {
    this.#save();
    this.preview.later();
    if (this.fields.position_method.value === "gps") phone.set(EXPRESS, "oui");
  }

  /* Draft */

  #label() {
    const chosen = this.form.querySelector("[name=category]:checked");
    const name = chosen?.closest(".tile").querySelector("span").textContent.trim();
    return [name, this.fields.lieu.value.trim()].filter(Boolean).join(", ") || this.#say("unnamed");
  }

  /** Write the draft once there is something to keep: one writing after the other. */
  #save() {
    const values = new FormData(this.form);
    const body = Object.fromEntries(KEPT.map((name) => [name, values.get(name) ?? ""]));
    body.captured_at ||= new Date().toISOString();
    const isWorthKeeping = body.category || body.description || body.lieu || this.photos?.count;
    if (!isWorthKeeping || this.gone) return;
    this.fields.captured_at.value = body.captured_at;
    this.saved = this.saved.then(() => this.#write(body));
  }

  async #write(body) {
    try {
      this.kept = Boolean(await saveDraft(this.id, body, this.#label()));
      keepAtHand(this.id);
      if (!this.asked) askToPersist();
      this.asked = true;
      tellKept();
    } catch (error) {
      this.kept = false;
      tellNotKept(error);
    }
  }

  #fill(draft) {
    const asked = new URLSearchParams(window.location.search);
    for (const name of ["lon", "lat", "category"]) {
      if (asked.has(name) && !draft) fill(this.fields[name], asked.get(name));
    }
    if (!draft) return;
    for (const name of KEPT) fill(this.fields[name], draft.body[name] ?? "");
    openAround(this.form.querySelector("[name=category]:checked"));
    if (draft.body.contact_email || draft.body.contact_phone) byId("contact").open = true;
    byId("brouillon").hidden = false;
    if (draft.last_error) tell(byId("envoi-erreur"), draft.last_error);
  }

  async #restart() {
    this.gone = true;
    await this.saved;
    await dropRecord(this.id).catch(() => {});
    leaveFor("/signaler");
  }

  /* Steps */

  #asked() {
    const wanted = window.location.hash.slice(1);
    return STEPS.includes(wanted) ? wanted : this.first;
  }

  /** Who gave their position before starts with the category; the place is found meanwhile. */
  #startStep(draft) {
    this.express = phone.get(EXPRESS) !== null;
    this.first = this.express ? "quoi" : "ou";
    const wrong = this.form.querySelector(".step .field-error:not([hidden]), .step [data-wrong]");
    const faults = Object.keys(draft?.fields ?? {});
    const step = faults.length ? (STEP_OF[faults[0]] ?? "preuve") : this.#asked();
    this.#show(wrong ? wrong.closest(".step").id : step, false);
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
    if (step === "ou") this.place.draw();
    if (!focus) return;
    window.scrollTo(0, 0);
    byId(step).querySelector("h2").focus({ preventScroll: true });
  }

  /** Say on the button what it does: it answers the question of the near ones once that was seen. */
  #name() {
    if (this.sending) return;
    const asks = this.step === "quoi" && this.preview?.isShown;
    const plain = this.step === "preuve" ? "send" : "next";
    byId("suite").textContent = this.#say(asks ? "other" : plain);
  }

  #go(step) {
    if (window.location.hash === `#${step}`) this.#show(step, true);
    window.location.hash = step;
  }

  #back(event) {
    const at = STEPS.indexOf(this.step);
    if (at <= STEPS.indexOf(this.first)) return;
    event.preventDefault();
    this.#go(STEPS[at - 1]);
  }

  async #submit(event) {
    event.preventDefault();
    if (this.sending) return;
    const same = event.submitter?.getAttribute("formaction");
    if (same) await this.#same(same);
    else if (this.step === "ou" && (await this.place.settled())) this.#go("quoi");
    else if (this.step === "quoi" && this.#categoryChosen()) this.#go("preuve");
    else if (this.step === "preuve") await this.#finish();
  }

  async #finish() {
    this.place.stop();
    if (!(this.place.isKnown || this.place.isTyped)) this.#toPlace();
    else if (!this.#categoryChosen()) this.#go("quoi");
    else if (this.preview.isUnseen) this.#toNear();
    else if (this.discretion.isUnconfirmed()) this.fields.confirmed.focus();
    else await this.#send();
  }

  #toPlace() {
    tell(byId("hors"), this.#say("where"));
    this.#go("ou");
  }

  /** Back to what was found near by since: its question in view, above the bar that answers it. */
  #toNear() {
    this.#go("quoi");
    byId("deja-titre").scrollIntoView({ block: "center" });
  }

  #categoryChosen() {
    const chosen = Boolean(this.form.querySelector("[name=category]:checked"));
    tell(byId("categorie-manque"), chosen ? "" : this.#say("category"));
    return chosen;
  }

  /* Sending */

  /** Write everything down; whether this browser can keep it. */
  async #flushed() {
    await this.photos.settled();
    this.#save();
    await this.saved;
    return this.kept;
  }

  async #send() {
    this.#busy(true);
    if (!(await this.#flushed())) return this.#plainly(this.form.action);
    await release(this.id);
    this.#conclude(await sendNow(this.id, SEND_PATIENCE_MS));
  }

  /** « C’est le même »: the draft becomes a support, its photos with it. */
  async #same(action) {
    this.#busy(true);
    if (!(await this.#flushed())) return this.#plainly(action);
    await makeSupport(this.id, decodeURIComponent(action.split("/")[2]));
    const record = await sendNow(this.id, SEND_PATIENCE_MS);
    // The page that says thanks is the answer to the form: the same identifier counts nobody twice.
    if (record?.state === SENT && (await this.#newToken())) return this.#plainly(action);
    this.#conclude(record);
  }

  #conclude(record) {
    this.gone = true;
    keepAtHand(null);
    if (record?.state === SENT) return window.location.assign(record.answer.href);
    if (record?.state === STUCK) return this.#mend(record);
    this.#keptHere();
  }

  /** Refused: it is a draft again, opened where it is wrong. */
  async #mend(record) {
    await takeBack(record.id);
    window.location.assign(`/signaler?reprendre=${record.id}`);
  }

  /** Kept in this phone: say so, and let the next one begin. */
  #keptHere() {
    const kept = byId("garde").content.firstElementChild;
    this.form.replaceWith(kept);
    kept.querySelector(".report-side").append(this.owner);
    kept.querySelector("h1").focus();
    window.scrollTo(0, 0);
  }

  /** A browser that keeps nothing sends the form as it is, to a site that answers. */
  async #plainly(action) {
    this.form.action = action;
    this.gone = await submitNow(this.form);
    if (this.gone) return keepAtHand(null);
    this.sending = false;
    byId("suite").removeAttribute("aria-disabled");
    this.#name();
  }

  /** The page may have been kept for long: its token, taken anew. */
  async #newToken() {
    const here = await whoIsHere();
    if (here) this.fields.csrf_token.value = here.csrf_token;
    return Boolean(here);
  }

  #busy(sending) {
    this.sending = sending;
    byId("suite").setAttribute("aria-disabled", String(sending));
    byId("suite").textContent = this.#say("sending");
    tell(byId("envoi-erreur"), "");
  }
}

function leaveFor(address) {
  keepAtHand(null);
  window.location.assign(address);
}

/** The draft to open: the one asked for, else the one this tab was at. */
async function draftToOpen() {
  const asked = new URLSearchParams(window.location.search).get("reprendre");
  const id = asked ?? (window.location.search ? null : atHand());
  if (!id) return null;
  if (asked) await takeBack(id);
  const record = await recordOf(id);
  return record?.state === DRAFT && record.kind === "signalement" && isMine(record) ? record : null;
}

/** Say that others wait to be finished. */
async function tellDrafts(opened) {
  const others = (await drafts()).filter(({ id }) => id !== opened?.id);
  const note = byId("brouillons");
  note.hidden = !others.length || Boolean(opened);
  if (note.hidden) return;
  const name = others.length === 1 ? "one" : "many";
  note.querySelector("[data-n]").textContent = note.dataset[name].replace("{n}", others.length);
  note.querySelector("a").href =
    others.length === 1 ? `/signaler?reprendre=${others[0].id}` : "/envois";
}

async function start(form) {
  let draft = null;
  try {
    await takeOldDraft();
    draft = await draftToOpen();
    await tellDrafts(draft);
  } catch (error) {
    tellNotKept(error); // the form is sent as it is
  }
  new Filing(form, draft);
}

const form = byId("signaler");
const receipt = document.querySelector("[data-sent]");
if (form) start(form);
if (receipt) tellPhotos(byId("photos-envoi"), receipt.dataset.sent);
