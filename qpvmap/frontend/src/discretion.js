// Whether a public text seems to name somebody: asked of the server while it is typed, and again by
// the server when it is sent.

const WAIT_MS = 600;
const SENT = ["csrf_token", "category", "description"];

export class Discretion {
  constructor(form) {
    this.form = form;
    this.note = document.getElementById("discretion");
    form.elements.description.addEventListener("input", () => this.#later());
  }

  /** Whether something was found that its author neither removed nor confirmed. */
  isUnconfirmed() {
    return !this.note.hidden && !this.form.elements.confirmed.checked;
  }

  #later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), WAIT_MS);
  }

  async ask() {
    const values = new FormData(this.form);
    const body = new FormData();
    for (const name of SENT) body.set(name, values.get(name) ?? "");
    try {
      const answer = await fetch(this.form.dataset.check, { method: "POST", body });
      if (answer.ok) this.#tell((await answer.json()).message);
    } catch {
      // Without network it is asked when the signalement is sent.
    }
  }

  #tell(message) {
    this.note.hidden = !message;
    this.note.querySelector("[role=status]").textContent = message;
    if (!message) this.form.elements.confirmed.checked = false;
  }
}
