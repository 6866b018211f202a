// The list of what waits in this phone (/envois, and the page shown without network): each record can be
// opened again, tried again, taken away as a file, or dropped by its author.
import { listKeptPages } from "./kept-pages.js";
import { kindOf } from "./outbox-kinds.js";
import {
  allRecords,
  blobsOf,
  changeRecord,
  DRAFT,
  dropRecord,
  READY,
  SENT,
  STUCK,
  watch,
} from "./outbox-store.js";
import { inWords, isMine, sendWaiting } from "./outbox-watch.js";
import { zipped } from "./zip.js";

const GROUPS = [STUCK, READY, DRAFT, SENT];
const PAUSE_MS = 200;
const WHEN = { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" };
const ENDINGS = {
  "image/webp": "webp",
  "image/jpeg": "jpg",
  "image/heic": "heic",
  "image/png": "png",
};

const root = document.getElementById("envois");
const part = (within, name) => within.querySelector(`[data-${name}]`);

function say(name, values = {}) {
  let text = root.dataset[`w${name[0].toUpperCase()}${name.slice(1)}`];
  for (const [key, value] of Object.entries(values)) text = text.replace(`{${key}}`, value);
  return text;
}

function tell(element, words) {
  element.hidden = !words;
  (element.querySelector("span") ?? element).textContent = words;
}

/** The state of a record with what it needs and what needs it: stuck if any of it is. */
function stateOf(record, photos) {
  if (record.state !== SENT) return record.state;
  const left = photos.filter(({ state }) => state !== SENT);
  if (left.some(({ state }) => state === STUCK)) return STUCK;
  return left.length ? READY : SENT;
}

class List {
  constructor() {
    this.model = document.getElementById("envoi").content.firstElementChild;
    this.status = document.getElementById("envois-dit");
    this.rows = new Map();
    document.getElementById("tout-envoyer").addEventListener("click", () => this.#sendAll());
    watch(() => this.draw());
    window.addEventListener("online", () => this.draw());
    root.hidden = false;
    this.draw();
    this.#room();
  }

  /** Draw once more if something changed meanwhile, and never twice at a time. */
  async draw() {
    this.again = true;
    if (this.drawing) return;
    this.drawing = true;
    while (this.again) {
      this.again = false;
      await this.#drawAll();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    this.drawing = false;
  }

  async #drawAll() {
    const all = await allRecords();
    const mine = all.filter(isMine);
    const heads = mine.filter(
      ({ needs }) => !needs.some((id) => mine.some((one) => one.id === id)),
    );
    const rows = new Map(GROUPS.map((name) => [name, []]));
    for (const record of heads.reverse()) {
      const photos = mine.filter(({ needs }) => needs.includes(record.id));
      rows.get(stateOf(record, photos)).push(await this.#keptRow(record, photos));
    }
    this.#show(rows, all.filter((one) => !isMine(one) && one.state !== SENT).length);
  }

  #show(rows, others) {
    const focused = document.activeElement?.closest?.("[data-id]")?.dataset.id;
    const act = document.activeElement?.dataset?.do;
    for (const [name, list] of rows) {
      const section = root.querySelector(`[data-group=${name}]`);
      section.hidden = !list.length;
      section.querySelector(".outbox-list").replaceChildren(...list);
      part(section, "n").textContent = list.length;
    }
    const left = rows.get(READY).length + rows.get(STUCK).length;
    document.getElementById("tout-envoyer").hidden = !left;
    document.getElementById("envois-rien").hidden = [...rows.values()].some(({ length }) => length);
    const words = others && say(others === 1 ? "otherOne" : "other", { n: others });
    tell(document.getElementById("envois-autre"), words || "");
    if (focused) root.querySelector(`[data-id="${focused}"] [data-do="${act}"]`)?.focus();
  }

  /** The row as it was drawn, unless something of it changed: photos are not read again and again. */
  async #keptRow(record, photos) {
    const mark = JSON.stringify([
      record,
      photos.map(({ id, state, last_error: why }) => [id, state, why]),
    ]);
    const kept = this.rows.get(record.id);
    if (kept?.mark === mark) return kept.row;
    const row = await this.#row(record, photos);
    this.rows.set(record.id, { mark, row });
    return row;
  }

  async #row(record, photos) {
    const row = this.model.cloneNode(true);
    row.dataset.id = record.id;
    const kind = kindOf(record);
    const state = stateOf(record, photos);
    const badge = part(row, "state");
    badge.textContent = say(state);
    badge.classList.add(
      { stuck: "is-bad", sent: "is-ok", ready: "is-warn", draft: "is-line" }[state],
    );
    const at = new Date(record.body.captured_at || record.created_at);
    part(row, "when").textContent = at.toLocaleString("fr-FR", WHEN);
    part(row, "name").textContent = record.answer?.title || record.label || kind.name;
    tell(part(row, "detail"), inWords(photos.filter((one) => one.state !== SENT)));
    tell(part(row, "why"), this.#why(record, photos));
    tell(part(row, "note"), record.answer?.note ?? "");
    await this.#pictures(row, photos);
    this.#acts(row, record, photos, state);
    return row;
  }

  #why(record, photos) {
    const faults = [record, ...photos].filter(
      ({ state, last_error: why }) => why && state !== SENT,
    );
    return [...new Set(faults.map(({ last_error: why }) => why))].join(" ");
  }

  async #pictures(row, photos) {
    const list = part(row, "photos");
    for (const { id } of photos) {
      const [kept] = await blobsOf(id);
      if (!kept) continue;
      const picture = document.createElement("img");
      picture.src = URL.createObjectURL(kept.blob);
      picture.alt = `Photo ${list.children.length + 1}`;
      picture.onload = () => URL.revokeObjectURL(picture.src);
      picture.onerror = () => picture.replaceWith(picture.alt);
      const item = document.createElement("li");
      item.className = "photo";
      item.append(picture);
      list.append(item);
    }
    list.hidden = !list.children.length;
  }

  #acts(row, record, photos, state) {
    const acts = Object.fromEntries(
      [...row.querySelectorAll("[data-do]")].map((element) => [element.dataset.do, element]),
    );
    const { edit } = kindOf(record);
    const isOpen = record.state !== SENT;
    this.#link(acts.ouvrir, edit && isOpen && edit(record));
    this.#link(acts.voir, record.answer?.href);
    acts.reessayer.hidden = state !== STUCK && !(state === READY && this.#why(record, photos));
    acts.reessayer.addEventListener("click", () => this.#retry([record, ...photos]));
    for (const name of ["exporter", "retirer"]) acts[name].hidden = state === SENT;
    acts.exporter.addEventListener("click", () => this.#export(record, photos));
    acts.retirer.addEventListener("click", () => this.#drop(record, photos));
    for (const element of Object.values(acts)) {
      const words = document.createElement("span");
      words.className = "visually-hidden";
      words.textContent = ` : ${part(row, "name").textContent}`;
      element.append(words);
    }
  }

  #link(element, href) {
    element.hidden = !href;
    if (href) element.href = href;
  }

  async #retry(records) {
    for (const { id } of records) {
      await changeRecord(id, (now) =>
        now.state === STUCK || now.state === READY
          ? { ...now, state: READY, tries: 0, next_try_at: 0, last_error: "", fields: {} }
          : null,
      );
    }
    await this.#sendAll();
  }

  async #sendAll() {
    this.status.textContent = say("sending");
    const said = await sendWaiting({ hurry: true });
    const { sent = 0, offline, expired } = said ?? {};
    const trouble = (expired && "expired") || (offline && "offline") || "nothing";
    this.status.textContent = sent ? say(sent === 1 ? "one" : "done", { n: sent }) : say(trouble);
  }

  /** What its author wrote and took, as a file: a record that the site refuses is not lost for all that. */
  async #export(record, photos) {
    const parts = [record, ...photos];
    const files = [];
    for (const { id } of parts) {
      for (const { blob } of await blobsOf(id)) {
        const name = `photo-${files.length + 1}.${ENDINGS[blob.type] ?? "bin"}`;
        files.push({ name, bytes: new Uint8Array(await blob.arrayBuffer()) });
      }
    }
    const text = JSON.stringify({ site: window.location.origin, records: parts }, null, 2);
    files.unshift({ name: "envoi.json", bytes: new TextEncoder().encode(text) });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(zipped(files));
    link.download = `envoi-${record.created_at.slice(0, 10)}-${record.id.slice(0, 8)}.zip`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  #drop(record, photos) {
    const dialog = document.getElementById("retirer");
    part(dialog, "name").textContent = record.label || kindOf(record).name;
    dialog.returnValue = "";
    const close = async () => {
      if (dialog.returnValue !== "retirer") return;
      if (record.state !== SENT) return dropRecord(record.id);
      for (const photo of photos) if (photo.state !== SENT) await dropRecord(photo.id);
    };
    dialog.addEventListener("close", close, { once: true });
    dialog.showModal();
  }

  async #room() {
    const { usage } = (await navigator.storage?.estimate?.()) ?? {};
    if (!usage) return;
    const used = `${(usage / 1e6).toLocaleString("fr-FR", { maximumFractionDigits: 1 })} Mo`;
    document.getElementById("envois-place").textContent = say("room", { used });
  }
}

if (root) new List();
const kept = document.getElementById("gardees");
if (kept) listKeptPages(kept).catch(() => {}); // a browser that keeps no page
