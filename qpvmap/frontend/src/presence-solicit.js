// Two taps: who, then what it is about; it is noted. The form is then ready for the next one.
import { keepForm, renew, sayIn, sendForm, sendPlainly } from "./noting.js";
import { dropRecord } from "./outbox-store.js";

class Solicitations {
  constructor(form) {
    this.form = form;
    this.words = form.dataset;
    this.said = form.querySelector("[data-said]");
    this.missing = form.querySelector("[data-public-missing]");
    form.addEventListener("submit", (event) => this.#submitted(event));
    form.addEventListener("change", () => sayIn(this.missing, ""));
  }

  async #submitted(event) {
    event.preventDefault();
    const { submitter } = event;
    if (this.busy || !submitter) return;
    const who = this.form.querySelector("[name=public]:checked");
    if (!who) return this.#askWho();
    this.busy = true;
    const label = `${named(who.closest("label"))}, ${named(submitter)}`;
    let record = null;
    try {
      record = await keepForm(this.form, { submitter, label });
      const { outcome, answer } = await sendForm(record);
      if (outcome === "refused") return await sendPlainly(this.form, submitter, record.body);
      this.#noted(label, outcome, record, answer);
    } catch (error) {
      await sendPlainly(
        this.form,
        submitter,
        record?.body ?? { at: new Date().toISOString() },
        error,
      );
    } finally {
      this.busy = false;
    }
  }

  #askWho() {
    sayIn(this.missing, this.words.wWho);
    this.form.querySelector("#public-choix").scrollIntoView({ block: "start" });
    this.form.querySelector("[name=public]").focus({ preventScroll: true });
  }

  #noted(label, outcome, record, answer) {
    this.form.reset();
    renew(this.form);
    this.form.querySelector("details").open = false;
    this.said.textContent = this.words.wNoted.replace("{w}", label);
    sayIn(document.querySelector("[data-kept]"), outcome === "kept" ? this.words.wKept : "");
    this.#addLine(label, record, answer);
    window.scrollTo(0, 0);
  }

  /** The line of the day: a link once the server has it, else a button that takes it back. */
  #addLine(label, record, answer) {
    const template = document.querySelector("template[data-line]");
    const line = template.content.cloneNode(true).firstElementChild;
    const link = line.querySelector("a");
    const back = line.querySelector("button");
    line.querySelector("[data-words]").textContent = label;
    if (answer?.href) {
      link.href = answer.href;
      back.remove();
    } else {
      link.replaceWith(...link.childNodes);
      back.addEventListener("click", async () => {
        await dropRecord(record.id);
        line.remove();
      });
    }
    const list = document.querySelector("[data-today]");
    list.hidden = false;
    list.prepend(line);
    document.querySelector("[data-nothing]")?.remove();
  }
}

const named = (element) => element.querySelector("span").textContent.trim();

export const startSolicitations = (form) => new Solicitations(form);
