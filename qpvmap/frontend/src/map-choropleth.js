// IRIS coloured by an indicator. Classes and words come from the server; a withheld value is
// hatched and named, never drawn as zero.
import { setClass } from "./map-draw.js";

const PLAIN = "m-iris is-area";
const HATCH = "url(#hachures)";
const SECRET = "secret";

async function figures(key) {
  const response = await fetch(`/carte/indicateurs/${encodeURIComponent(key)}.json`);
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

export function legendItem({ class: name, label }) {
  const item = document.createElement("li");
  const swatch = document.createElement("span");
  swatch.className = `swatch swatch-${name}`;
  const text = document.createElement("span");
  text.textContent = label;
  item.append(swatch, text);
  return item;
}

export class Choropleth {
  constructor(page) {
    this.page = page;
    this.current = "";
    this.figures = null;
    this.drawn = null;
    this.select = page.shell.querySelector("#indicateur");
    this.legend = page.shell.querySelector("#legende-indicateur");
    this.select?.addEventListener("change", async () => {
      await this.choose(this.select.value);
      page.remember();
    });
  }

  /** Keep the drawn IRIS, to paint them. */
  know(drawn) {
    this.drawn = drawn;
    this.repaint();
  }

  async choose(key) {
    this.current = key;
    if (this.select) this.select.value = key;
    if (key && !this.select?.value) this.current = "";
    try {
      const answer = this.current ? await figures(this.current) : null;
      if (this.current !== key) return;
      this.figures = answer;
    } catch {
      this.figures = null;
      this.page.say("motDonnees");
    }
    if (this.figures && !this.page.shown("iris")) this.page.show("iris", true);
    this.repaint();
    this.#explain();
  }

  repaint() {
    this.page.shell.classList.toggle("has-choropleth", Boolean(this.figures));
    this.drawn?.eachLayer((path) => this.#paint(path));
    this.page.list.figures(this.figures?.values ?? {});
  }

  #paint(path) {
    if (!this.figures) {
      setClass(path, PLAIN);
      return;
    }
    const name = this.figures.values[path.feature.properties.code]?.class ?? "none";
    if (name === SECRET) path.setStyle({ fillColor: HATCH });
    setClass(path, `m-ch m-ch-${name}`);
  }

  #explain() {
    const { figures: shown, legend } = this;
    legend.hidden = !shown;
    if (!shown) return;
    legend.querySelector("h3").textContent = shown.title;
    legend.querySelector("ul").replaceChildren(...shown.legend.map(legendItem));
    legend.querySelector("p").textContent = shown.note;
    const doubt = legend.querySelector("[data-doubt]");
    doubt.hidden = shown.doubts.length === 0;
    doubt.querySelector("span").textContent = shown.doubts.map(({ note }) => note).join(" ");
    this.page.announce(shown.title);
  }

  #doubts(code) {
    return this.figures.doubts.filter(({ codes }) => codes.includes(code));
  }

  /** What follows the pointer over a shape: its name, and its value when IRIS are coloured. */
  tooltip(kind, code, name) {
    const box = document.createElement("span");
    const title = document.createElement("b");
    title.textContent = name;
    box.append(title);
    const value = kind === "iris" ? this.figures?.values[code]?.text : null;
    if (value) {
      const line = document.createElement("span");
      line.textContent = value;
      box.append(line);
    }
    for (const { short } of value ? this.#doubts(code) : []) {
      const line = document.createElement("span");
      line.textContent = short;
      box.append(line);
    }
    return box;
  }
}
