// Filing, where it is: the phone's position, a pin, an address. What the phone captured stays beside what
// is corrected by hand; both go with the record.
import { placesNamed, readPack } from "./pack.js";
import { findMe, GOOD_M } from "./position.js";
import { byId, idle, loadStyle, tell } from "./report-dom.js";
import { Suggest } from "./suggest.js";

const CLOSE_ZOOM = 17;
const PLACE = ["lon", "lat", "accuracy_m", "position_method"];

const pinOf = ({ geometry, properties }) => {
  const [lon, lat] = geometry.coordinates;
  return { ...properties, lon, lat };
};

export class Place {
  /** `say(name, values)` gives the page's words; `onPlace()` is called at each new place. */
  constructor(form, { say, onPlace }) {
    Object.assign(this, { form, fields: form.elements, words: form.dataset, say, onPlace });
    byId("ma-position").addEventListener("click", () => this.locate());
    byId("revenir").addEventListener("click", () => this.#home());
    this.#suggest();
  }

  get isKnown() {
    return Boolean(this.fields.lon.value);
  }

  /** Words are enough when the place can be looked up later only. */
  get isTyped() {
    return this.fields.lieu.value.trim().length > 0;
  }

  get point() {
    return { lon: Number(this.fields.lon.value), lat: Number(this.fields.lat.value) };
  }

  /** The map is drawn when it is first looked at: filing does without. */
  async draw() {
    if (this.map) return this.map.refresh();
    if (this.drawing) return;
    this.drawing = true;
    const lon = Number(this.fields.lon.value || this.words.lon);
    const lat = Number(this.fields.lat.value || this.words.lat);
    if (!(lon && lat)) return;
    await idle();
    await loadStyle(this.words.mapStyle);
    const { miniMap } = await import("./minimap.js");
    this.map = miniMap(byId("carte"), {
      lon,
      lat,
      zoom: this.isKnown ? CLOSE_ZOOM : CLOSE_ZOOM - 1,
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

  /** Look for the phone; asked for again, it is a new capture. */
  locate() {
    this.stop();
    this.moved = false;
    this.#position(this.say("searching"));
    this.stopLocating = findMe({
      onFix: (fix) => this.#fixed(fix),
      onFail: (why) => this.moved || this.#position(this.say(why)),
    });
  }

  /** Take what is known by now. */
  stop() {
    this.stopLocating?.();
    this.stopLocating = null;
  }

  #fixed(fix) {
    if (this.moved) return;
    this.fix = fix;
    const metres = { m: Math.round(fix.accuracy) };
    const waiting = fix.settled ? "weak" : "better";
    this.#position(this.say(fix.accuracy <= GOOD_M ? "good" : waiting, metres));
    this.#capture(fix);
    this.#setPlace({ ...fix, method: "gps" });
    this.map?.setPosition({ ...fix, zoom: CLOSE_ZOOM });
  }

  /** Where and when the phone was: never changed by what is moved or typed afterwards. */
  #capture({ lon, lat, accuracy, at }) {
    this.fields.captured_lon.value = lon.toFixed(6);
    this.fields.captured_lat.value = lat.toFixed(6);
    this.fields.captured_accuracy_m.value = accuracy.toFixed(1);
    this.fields.captured_at.value = new Date(at).toISOString();
  }

  #pinned(place) {
    this.#byHand("");
    this.#position(this.say("pin"));
    this.#setPlace({ ...place, method: "pin" });
  }

  placeAt(place) {
    this.#byHand(place.label);
    const { lon, lat, accuracy_m: accuracy } = place;
    this.#position(accuracy ? this.say("rough", { m: accuracy }) : this.say("address"));
    this.#setPlace({ lon, lat, accuracy, method: "address" });
    this.map?.setPosition({ lon, lat, accuracy, zoom: CLOSE_ZOOM });
  }

  #byHand(address) {
    this.moved = true;
    this.stop();
    this.typed = false;
    this.fields.lieu.value = address;
  }

  /** Out of the territory there is nothing to see: show the quarter again, with no place chosen. */
  #home() {
    this.moved = true;
    this.stop();
    for (const name of PLACE) this.fields[name].value = "";
    this.unserved = false;
    byId("revenir").hidden = true;
    for (const id of ["hors", "dehors"]) tell(byId(id), "");
    this.#position(this.say("home"));
    const { lon, lat } = this.words;
    this.map?.setPosition({ lon: Number(lon), lat: Number(lat), zoom: CLOSE_ZOOM - 2 });
    this.onPlace();
    byId("lieu").focus({ preventScroll: true });
  }

  #setPlace({ lon, lat, accuracy, method }) {
    this.fields.lon.value = lon.toFixed(6);
    this.fields.lat.value = lat.toFixed(6);
    this.fields.accuracy_m.value = accuracy ? accuracy.toFixed(1) : "";
    this.fields.position_method.value = method;
    this.onPlace();
  }

  #position(words) {
    for (const id of ["position", "position-court"]) byId(id).textContent = words;
  }

  #suggest() {
    this.fields.lieu.addEventListener("input", () => {
      this.typed = this.isTyped;
    });
    this.suggest = new Suggest(this.fields.lieu, byId("lieux"), {
      search: (words) => this.#places(words),
      choose: (place) => this.placeAt(place),
      say: (n) => this.#position(n ? this.say("suggestions", { n }) : this.#noPlace()),
    });
  }

  /** Why no place is proposed: the server's own words when the address search is down. */
  #noPlace() {
    return this.placeNote ? `${this.placeNote} ${this.say("orPin")}` : this.say("noSuggestion");
  }

  async #places(words) {
    this.placeNote = "";
    this.away = false;
    try {
      const answer = await fetch(`${this.words.places}?${new URLSearchParams({ q: words })}`);
      const { results = [], trouble = "" } = answer.ok ? await answer.json() : {};
      this.placeNote = trouble;
      return results.filter((place) => place.is_position && place.kind !== "signalement");
    } catch {
      this.away = true;
      const pack = await readPack();
      return pack ? placesNamed(pack, words) : [];
    }
  }

  /**
   * Whether there is a place to go on with. An address that was typed and not chosen is looked up;
   * without network it is kept as it is, and looked up when it is sent.
   */
  async settled() {
    this.stop();
    if (this.typed) {
      const place = await this.suggest.best();
      if (place) this.placeAt(place);
      else if (this.away) return this.#later();
      else tell(byId("hors"), this.#noPlace());
      if (!place) return false;
    }
    if (this.isKnown && !this.unserved) return true;
    if (!this.unserved) tell(byId("hors"), this.say("where"));
    byId("lieu").focus();
    return false;
  }

  #later() {
    for (const name of PLACE) this.fields[name].value = "";
    this.#position(this.say("addressLater"));
    tell(byId("hors"), "");
    this.onPlace();
    return true;
  }
}
