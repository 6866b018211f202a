// Raster backgrounds. The vector ground stays drawn under the tiles, so that it is what shows
// when they cannot be had.
import L from "./global-leaflet.js";

const NONE = "sans-fond";
const KEPT = "qpvmap.fond";
const PATIENCE_MS = 6000;

/** The background that this person chose last, on any map of the site. */
export function keptBasemap() {
  try {
    return window.localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** Tiles of a declared background. */
export function rasterLayer(spec, maxZoom) {
  return L.tileLayer(spec.url, {
    attribution: spec.attribution,
    maxNativeZoom: spec.maxZoom,
    maxZoom,
    className: "raster",
    // Tile servers ask who shows their maps; they learn the site's name, not the page.
    referrerPolicy: "strict-origin-when-cross-origin",
  });
}

export class Basemaps {
  constructor(page) {
    this.page = page;
    this.specs = new Map();
    this.current = NONE;
    this.tiles = null;
    this.notice = page.shell.querySelector(".map-tiles");
    this.select = page.shell.querySelector("#fond");
    this.select?.addEventListener("change", () => {
      this.choose(this.select.value);
      this.#keep();
      page.remember();
    });
  }

  add(spec) {
    this.specs.set(spec.key, spec);
  }

  remembered() {
    return keptBasemap() ?? this.page.shell.dataset.fond ?? NONE;
  }

  #keep() {
    try {
      window.localStorage.setItem(KEPT, this.current);
    } catch {
      // Private browsing: the choice lasts as long as the page.
    }
  }

  choose(key) {
    const spec = this.specs.get(key);
    this.current = spec ? key : NONE;
    if (this.select) this.select.value = this.current;
    this.#clear();
    if (spec) this.#draw(spec);
  }

  #clear() {
    window.clearTimeout(this.timer);
    this.tiles?.remove();
    this.tiles = null;
    this.dismiss();
    this.page.shell.classList.remove("on-tiles");
  }

  /** Say in its own small place, beside the credits, that tiles cannot be had. */
  #miss() {
    if (!this.notice.hidden || this.dismissed) return;
    this.notice.hidden = false;
    this.page.announce(this.page.words.motTuiles);
  }

  /** Somebody has read it: it stays away until another background is chosen. */
  dismiss() {
    this.dismissed = true;
    this.notice.hidden = true;
  }

  #draw(spec) {
    this.dismissed = false;
    const tiles = rasterLayer(spec, this.page.map.getMaxZoom());
    let come = false;
    tiles.on("tileload", () => {
      if (!come) this.notice.hidden = true;
      come = true;
      this.page.shell.classList.add("on-tiles");
    });
    const missing = () => {
      if (!come && this.tiles === tiles) this.#miss();
    };
    tiles.on("tileerror", missing);
    this.timer = window.setTimeout(missing, PATIENCE_MS);
    this.tiles = tiles.addTo(this.page.map);
  }
}
