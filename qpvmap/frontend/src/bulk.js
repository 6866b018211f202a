// Choosing rows of the inbox and acting on them without leaving the list. Without this module the
// same form asks on a page of its own, and answers on another.
import { box, counted, focused, link, redraw, rowOf, rows, say, toast } from "./desk.js";

const ACCEPT = "application/json, text/html;q=0.9";
const TYPED = ":is(input:not([type=hidden]), textarea, select):not([data-ready] *)";
const FIRST_SHOWN = 10;

/** The answers of the form that asks are those of a signalement's page: read when first needed. */
async function fillReady(part) {
  const { attachReady } = await import("./ready.js");
  attachReady(part);
}

export class Bulk {
  /** `changed()` is called once something was done, so that the rest of the page can follow. */
  constructor(changed) {
    Object.assign(this, { changed, busy: false, typed: new Map(), last: null });
    this.attach();
  }

  /** Take the list that the page has now; the former one may have been replaced. */
  attach() {
    this.gone?.abort();
    this.gone = new AbortController();
    this.form = document.querySelector("[data-bulk]");
    document.documentElement.classList.remove("has-bulk");
    if (!this.form) return;
    this.all = this.form.querySelector("[data-bulk-all]");
    this.page = document.querySelector("[data-choose-page]");
    this.more = this.form.querySelector("[data-bulk-more]");
    this.region = document.querySelector("[data-bulk-said]");
    this.dialog = document.querySelector("[data-bulk-dialog]");
    this.form.addEventListener("submit", (event) => this.#submit(event));
    this.form.querySelector("[data-bulk-none]").addEventListener("click", () => this.clear());
    this.page.addEventListener("change", () => this.#tickPage(this.page.checked));
    this.all.addEventListener("change", () => this.#tickPage(this.all.checked));
    document.querySelector("[data-rows]").addEventListener("change", (event) => {
      if (event.target.name !== "choix") return;
      if (!event.target.checked) this.all.checked = false;
      this.update();
    });
    this.#closeMore();
    this.#watchDialog();
    this.update();
  }

  chosen() {
    return rows().filter((row) => box(row).checked);
  }

  get count() {
    return this.all.checked ? Number(this.form.dataset.total) : this.chosen().length;
  }

  clear() {
    if (!this.form) return;
    const back = this.form.contains(document.activeElement) ? this.chosen()[0] : null;
    this.all.checked = false;
    this.#tickPage(false);
    if (back) link(back).focus();
  }

  choose(references) {
    for (const row of rows())
      if (references.includes(row.dataset.reference)) box(row).checked = true;
    this.update();
  }

  /** Do `action` to the chosen rows or, when there are none, to the one that has the focus. */
  act(action) {
    if (!this.form) return;
    const at = focused();
    const targets = this.chosen().length ? this.chosen() : [at].filter(Boolean);
    if (!targets.length) {
      say(this.form.dataset.nothing);
      return;
    }
    const body = this.#body(action, targets);
    if (!this.chosen().length) body.delete("tous");
    this.#send(this.form.getAttribute("action"), body, targets.at(-1));
  }

  update() {
    if (!this.form) return;
    const chosen = this.chosen();
    for (const row of rows()) row.classList.toggle("is-chosen", box(row).checked);
    this.page.checked = chosen.length > 0 && chosen.length === rows().length;
    this.page.indeterminate = chosen.length > 0 && !this.page.checked;
    this.form.classList.toggle("is-used", chosen.length > 0);
    document.documentElement.classList.toggle("has-bulk", chosen.length > 0);
    const words = counted(this.form, "chosen", this.count);
    const shown = this.form.querySelector("[data-bulk-count]");
    if (chosen.length && shown.textContent !== words) say(words);
    shown.textContent = words;
  }

  #tickPage(on) {
    for (const row of rows()) box(row).checked = on;
    if (!on) this.all.checked = false;
    this.update();
  }

  #body(action, targets) {
    const body = new URLSearchParams(new FormData(this.form));
    body.delete("choix");
    body.delete("lot");
    for (const row of targets) body.append("choix", box(row).value);
    body.set("action", action);
    return body;
  }

  #submit(event) {
    const button = event.submitter;
    if (button?.dataset.plain !== undefined) return;
    event.preventDefault();
    this.more.open = false;
    if (button?.value) this.act(button.value);
  }

  async #send(address, body, last) {
    if (this.busy) return;
    this.#work(true);
    try {
      const headers = { Accept: ACCEPT };
      const answer = await fetch(address, { method: "POST", body, headers, redirect: "manual" });
      await this.#answered(answer, body.get("action"), last);
    } catch {
      this.#fail();
    } finally {
      this.#work(false);
    }
  }

  #work(on) {
    this.busy = on;
    this.form.setAttribute("aria-busy", String(on));
    this.dialog.setAttribute("aria-busy", String(on));
  }

  async #answered(answer, action, last) {
    const kind = answer.headers.get("Content-Type") ?? "";
    if (kind.startsWith("application/json")) {
      const told = await answer.json();
      return told.error ? this.#fail(told.error) : this.#done(told, action, last);
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const form = page.querySelector("[data-ask]");
    if (form) this.#ask(form, action, last);
    else this.#fail();
  }

  /** The form that the server asks with, in a dialog. */
  #ask(part, action, last) {
    const title = part.querySelector("[data-ask-title]");
    const heading = document.createElement("h2");
    heading.id = "lot-titre";
    heading.tabIndex = -1;
    heading.textContent = title.textContent;
    title.replaceWith(heading);
    for (const plain of part.querySelectorAll("noscript")) plain.remove();
    this.dialog.replaceChildren(part);
    this.dialog.dataset.action = action;
    const form = part.querySelector("[data-ask-form]");
    for (const [name, value] of this.typed.get(action) ?? []) {
      const field = form.elements[name];
      if (field && !field.value) field.value = value;
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#keepTyped();
      this.#send(form.getAttribute("action"), new URLSearchParams(new FormData(form)), last);
    });
    part.querySelector("[data-ask-cancel]").addEventListener("click", (event) => {
      event.preventDefault();
      this.dialog.close();
    });
    if (part.querySelector("[data-ready]")) fillReady(part);
    if (!this.dialog.open) this.dialog.showModal();
    const first = part.querySelector("[data-focus]") ?? part.querySelector(TYPED) ?? heading;
    first.focus();
  }

  /** What was typed is there again when the same is asked again. */
  #keepTyped() {
    const fields = [...this.dialog.querySelectorAll(TYPED)];
    this.typed.set(
      this.dialog.dataset.action,
      fields.map((field) => [field.name, field.value]),
    );
  }

  #watchDialog() {
    this.dialog.addEventListener("close", () => {
      this.#keepTyped();
      this.dialog.replaceChildren();
    });
  }

  #done(told, action, last) {
    if (this.dialog.open) this.dialog.close();
    this.typed.delete(action);
    for (const [reference, cells] of Object.entries(told.rows)) {
      const row = rowOf(reference);
      if (row) redraw(row, cells);
    }
    for (const reference of told.done) {
      const row = rowOf(reference);
      row?.classList.add("is-done");
      if (row && !told.rows[reference]) row.classList.add("is-gone");
    }
    this.all.checked = false;
    this.#tickPage(false);
    this.last = told.undo && { ...told.undo, until: Date.now() + told.undo.seconds * 1000, last };
    if (told.refused.length) this.#tell(told);
    else this.#tellDone(told, last);
    this.changed();
  }

  /** Take back what was done last, while that can be: nobody was told of it yet. */
  async undo() {
    if (!this.form || this.busy) return;
    const { href, until, last } = this.last ?? {};
    this.last = null;
    if (!href || Date.now() > until) {
      say(this.form.dataset.nothingToUndo);
      return;
    }
    this.#work(true);
    try {
      const body = new URLSearchParams({ csrf_token: this.form.elements.csrf_token.value });
      const headers = { Accept: ACCEPT };
      const answer = await fetch(href, { method: "POST", body, headers, redirect: "manual" });
      this.#takenBack(await answer.json(), last);
    } catch {
      this.#fail();
    } finally {
      this.#work(false);
    }
  }

  #takenBack(told, last) {
    document.querySelector(".toast")?.remove();
    for (const reference of told.done) {
      const row = rowOf(reference);
      row?.classList.remove("is-done", "is-gone");
      if (row && told.rows[reference]) redraw(row, told.rows[reference]);
    }
    if (told.refused.length) this.#tell(told);
    else {
      this.region.hidden = true;
      toast(told.said);
      if (last?.isConnected) link(last).focus();
    }
    this.changed();
  }

  /** The button of the note that says what was done. */
  #undoButton() {
    if (!this.last) return null;
    const button = document.querySelector("[data-bulk-undo]").content.cloneNode(true);
    button.querySelector("button").addEventListener("click", () => this.undo());
    return button;
  }

  #tellDone(told, last) {
    this.region.hidden = true;
    const [only] = told.done;
    const words = told.done.length === 1 ? `${only} : ${told.said.replace(/^1 /, "")}` : told.said;
    toast(words, this.#undoButton());
    const list = rows();
    const next = list[list.indexOf(last) + 1] ?? last;
    link(next).focus();
  }

  /** Some could not be done: how many, why, and where to read it again. */
  #tell(told) {
    const part = document.querySelector("[data-bulk-result]").content.cloneNode(true);
    part.querySelector("[data-result-said]").textContent = told.said;
    part.querySelector("[data-result-href]").href = told.href;
    const undo = this.#undoButton();
    if (undo) part.querySelector("[data-result-href]").before(undo);
    const list = part.querySelector("[data-result-refused]");
    for (const one of told.refused.slice(0, FIRST_SHOWN)) {
      const item = document.createElement("li");
      const name = document.createElement("b");
      name.textContent = one.reference;
      item.append(name, ` ${one.reason}`);
      list.append(item);
    }
    this.region.replaceChildren(part);
    this.region.hidden = false;
    this.region.focus();
  }

  #fail(words = this.form.dataset.failed) {
    const note = document.querySelector("[data-bulk-failed]").content.cloneNode(true);
    note.querySelector("[data-failed-words]").textContent = words;
    if (this.dialog.open) {
      this.dialog.querySelector("[data-failed]")?.remove();
      this.dialog.prepend(note);
      return;
    }
    this.region.replaceChildren(note);
    this.region.hidden = false;
    this.region.focus();
  }

  #closeMore() {
    document.addEventListener(
      "click",
      (event) => {
        if (!this.more.contains(event.target)) this.more.open = false;
      },
      { signal: this.gone.signal },
    );
    this.more.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.more.open) return;
      event.stopPropagation();
      this.more.open = false;
      this.more.querySelector("summary").focus();
    });
  }
}
