// "Suivre la carte": the list holds what the map shows. Asked for, never by itself; the address
// holds the zone, so the view can be sent; the count is said; the map stays where it is.
const QUIET_MS = 400;
const PARTS = ["tabs", "filters", "views", "list"];

const box = document.querySelector("[data-follow]");
const checkbox = box?.querySelector("input");

/** The bounds of the map, as the address writes them: 5 decimals are a metre. */
function zoneOf(map) {
  const bounds = map.getBounds();
  return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()]
    .map((degrees) => degrees.toFixed(5))
    .join(",");
}

function addressWith(zone) {
  const url = new URL(window.location.href);
  url.searchParams.delete("apres");
  if (zone) url.searchParams.set("zone", zone);
  else url.searchParams.delete("zone");
  if (![...url.searchParams].length) url.searchParams.set("vue", "a-prendre-en-charge");
  return url;
}

/** Put the server's own words in place of the old ones; the search keeps what is being typed. */
function replaceParts(page) {
  const panel = document.querySelector(".filter-more");
  const open = panel?.open;
  for (const part of PARTS) {
    const fresh = page.querySelector(`[data-part="${part}"]`);
    const old = document.querySelector(`[data-part="${part}"]`);
    if (!fresh || !old || (part === "filters" && old.contains(document.activeElement))) continue;
    old.replaceWith(document.importNode(fresh, true));
  }
  if (open) document.querySelector(".filter-more").open = true;
}

/** A live region speaks when its words change, not when it arrives: it is emptied, then filled. */
function say() {
  const said = document.querySelector("[data-said]");
  const words = said?.textContent ?? "";
  if (!said) return;
  said.textContent = "";
  window.setTimeout(() => {
    said.textContent = words;
  }, 50);
}

class Follower {
  constructor(map) {
    this.map = map;
    this.timer = 0;
    this.asked = null;
  }

  /** Ask for the list of what the map shows, or for all of it. The last asked alone counts. */
  async ask(zone) {
    const url = addressWith(zone);
    this.asked?.abort();
    this.asked = new AbortController();
    try {
      const response = await fetch(url, { signal: this.asked.signal });
      if (!response.ok) throw new Error(String(response.status));
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (!page.querySelector('[data-part="list"]')) throw new Error("not the inbox");
      replaceParts(page);
    } catch (error) {
      if (error.name !== "AbortError") window.location.assign(url);
      return;
    }
    window.history.replaceState(null, "", url);
    say();
    document.dispatchEvent(new CustomEvent("inbox:changed"));
  }

  later() {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      if (checkbox.checked) this.ask(zoneOf(this.map));
    }, QUIET_MS);
  }
}

/** Let the list follow the small map when its box is ticked. */
export function followMap({ map }) {
  if (!box) return;
  const follower = new Follower(map);
  box.hidden = false;
  checkbox.addEventListener("change", () => follower.ask(checkbox.checked ? zoneOf(map) : null));
  map.on("moveend", () => {
    if (checkbox.checked) follower.later();
  });
}
