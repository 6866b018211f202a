// Ready-made answers: a list fills the text beside it, which stays editable. What was typed can be
// had back.

const HOLE = /\[à compléter[^\]]*\]/i;

/** A date field as people read it: "vendredi 20 novembre". */
function dayInWords(value) {
  const [year, month, day] = value.split("-").map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  const words = { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" };
  if (year !== new Date().getFullYear()) words.year = "numeric";
  const written = date.toLocaleDateString("fr-FR", words);
  return written.replace(/\b1 /, "1er ").replace(/(\d|1er) (?=\D)/, "$1\u00a0");
}

const HOLES = { date_prevue: "date prévue", attendu: "qui est attendu" };

class ReadyList {
  constructor(block) {
    this.select = block.querySelector("select");
    this.said = block.querySelector("[data-w-inserted]");
    this.back = block.querySelector("button");
    this.text = document.getElementById(block.dataset.ready);
    this.live = JSON.parse(block.dataset.live);
    this.select.addEventListener("change", () => this.#insert());
    this.back.addEventListener("click", () => this.#giveBack());
    for (const name of Object.values(this.live)) {
      this.#field(name)?.addEventListener("input", () => this.#refill());
    }
  }

  #field(name) {
    return this.text.form.elements[name];
  }

  /** The chosen text, with what the fields beside it say now. */
  #filled() {
    const option = this.select.selectedOptions[0];
    let text = option.dataset.text ?? "";
    for (const [variable, name] of Object.entries(this.live)) {
      const value = this.#field(name)?.value.trim() ?? "";
      const words = value && name === "planned_for" ? dayInWords(value) : value;
      text = text.replaceAll(`{${variable}}`, words || `[à compléter\u00a0: ${HOLES[variable]}]`);
    }
    return text;
  }

  #insert() {
    const option = this.select.selectedOptions[0];
    if (!option.value) return;
    const typed = this.text.value;
    // What was put in and then left as it was is nobody's own words.
    const own = typed.trim() && typed !== this.inserted ? typed : (this.kept ?? "");
    this.kept = own;
    this.#write(this.#filled());
    this.#chooseOutcome(option.dataset.outcome);
    this.#say(own ? "wReplaced" : this.#hole() ? "wHole" : "wInserted");
    this.back.hidden = !own;
    this.#select();
  }

  #write(text) {
    this.text.value = text;
    this.inserted = text;
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #refill() {
    if (this.select.value && this.text.value === this.inserted) this.#write(this.#filled());
  }

  /** A closing that says how it ends: the answer and the end go together. */
  #chooseOutcome(outcome) {
    const field = this.#field("outcome");
    if (outcome && field) field.value = outcome;
  }

  #hole() {
    return HOLE.exec(this.text.value);
  }

  /** The caret goes to what is left to complete, else to the end. */
  #select() {
    const hole = this.#hole();
    this.text.focus();
    const end = this.text.value.length;
    if (hole) this.text.setSelectionRange(hole.index, hole.index + hole[0].length);
    else this.text.setSelectionRange(end, end);
  }

  #giveBack() {
    this.text.value = this.kept;
    this.kept = "";
    this.inserted = undefined;
    this.select.value = "";
    this.said.textContent = "";
    this.back.hidden = true;
    this.text.focus();
  }

  #say(name) {
    this.said.textContent = this.said.dataset[name];
    announce(this.said.textContent, this.text.closest("dialog") ?? document.querySelector("main"));
  }
}

let live;

/** Say it to those who listen: one place for all the lists of a page, one in a dialog over it. */
function announce(words, host) {
  if (!live?.isConnected || !host.contains(live)) {
    live = document.createElement("p");
    live.className = "visually-hidden";
    live.setAttribute("role", "status");
    host.append(live);
  }
  live.textContent = words;
}

/** Make the lists of ready-made answers in `part` fill their texts. */
export function attachReady(part) {
  for (const block of part.querySelectorAll("[data-ready]")) new ReadyList(block);
}
