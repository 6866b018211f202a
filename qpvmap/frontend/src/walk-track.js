// The line of a walk, recorded only while somebody asks for it: simplified here, without any time,
// forgotten by this phone once it is in the outbox.
import { keepRecord, newId, note, setNote } from "./outbox-store.js";

const APART_M = 12;
const ROUGH_M = 35;
const METRES_PER_DEGREE = 111320;

function metres([lon, lat], [east, north]) {
  const perLon = METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180);
  return Math.hypot((east - lon) * perLon, (north - lat) * METRES_PER_DEGREE);
}

export class WalkTrack {
  constructor(form, { walk, person, needs, send }) {
    Object.assign(this, { form, person, needs, send, points: [], watching: null });
    this.key = `trajet-${walk}`;
    this.button = form.querySelector('[data-do="enregistrer"]');
    this.said = form.querySelector("[data-said]");
    this.button.addEventListener("click", () => (this.watching === null ? this.on() : this.off()));
    this.#resume();
  }

  /** A page that was closed on the way goes on where it was. */
  async #resume() {
    const kept = await note(this.key).catch(() => null);
    if (!kept?.length) return;
    this.points = kept;
    this.on();
  }

  on() {
    if (!navigator.geolocation) return this.#say(this.form.dataset.wRefused);
    this.watching = navigator.geolocation.watchPosition(
      ({ coords }) => this.#add(coords),
      ({ code }) => code === 1 && this.#refused(),
      { enableHighAccuracy: true, maximumAge: 5000 },
    );
    this.#show();
  }

  #add({ longitude, latitude, accuracy }) {
    if (accuracy > ROUGH_M) return;
    const point = [Number(longitude.toFixed(6)), Number(latitude.toFixed(6))];
    const last = this.points.at(-1);
    if (last && metres(last, point) < APART_M) return;
    this.points.push(point);
    setNote(this.key, this.points).catch(() => {});
    this.#show();
  }

  #refused() {
    navigator.geolocation.clearWatch(this.watching);
    this.watching = null;
    this.#show();
    this.#say(this.form.dataset.wRefused);
  }

  async off() {
    navigator.geolocation.clearWatch(this.watching);
    this.watching = null;
    const points = this.points;
    if (points.length < 2) {
      this.#show();
      return this.#say(this.form.dataset.wNone);
    }
    await keepRecord({
      id: newId(),
      kind: "walk-route",
      url: new URL(this.form.action).pathname,
      body: { source: "recorded", route: JSON.stringify(points) },
      needs: this.needs,
      label: "Trajet de la marche",
      person: this.person,
    });
    this.points = [];
    await setNote(this.key, null);
    this.#show();
    this.#say(this.form.dataset.wOff);
    this.send();
  }

  #show() {
    const on = this.watching !== null;
    this.button.setAttribute("aria-pressed", String(on));
    const label = this.button.querySelector("[data-on]");
    label.textContent = on ? label.dataset.on : label.dataset.off;
    if (on) this.#say(this.form.dataset.wOn.replace("{n}", this.points.length));
  }

  #say(text) {
    this.said.textContent = text;
  }
}
