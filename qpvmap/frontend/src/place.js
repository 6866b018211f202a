// Small maps of the detail pages and lists: one place, or the places of the list beside.
// A form with data-move-form lets its pin be dragged; without a script it takes coordinates.
import { fitPins } from "./fit-pins.js";
import { areas, farGrounds, geojson } from "./map-draw.js";
import { equipmentIcon, light, operationIcon, signalementIcon } from "./map-pins.js";
import { miniMap } from "./minimap.js";

const ICONS = { signalement: signalementIcon, operation: operationIcon, equipement: equipmentIcon };
const DECIMALS = 6;

function pinOf({ dataset }) {
  return {
    kind: dataset.kind,
    code: dataset.code,
    name: dataset.name,
    lon: Number(dataset.lon),
    lat: Number(dataset.lat),
    status: dataset.pinStatus,
    late: dataset.pinLate !== undefined,
    confidential: dataset.confidential !== undefined,
    phase: dataset.phase,
    theme: dataset.theme,
    icon: dataset.icon,
    approximate: dataset.approximate !== undefined,
    href: dataset.href,
  };
}

function movable(frame, form) {
  const fields = form.elements;
  const said = form.querySelector("[data-move-said]");
  const place = miniMap(frame, {
    lon: Number(frame.dataset.lon),
    lat: Number(frame.dataset.lat),
    zoom: 17,
    draggable: true,
    label: frame.dataset.name,
    onMove: ({ lon, lat }) => {
      fields.lon.value = lon.toFixed(DECIMALS);
      fields.lat.value = lat.toFixed(DECIMALS);
      said.textContent = "Repère déplacé. Enregistrez pour garder ce lieu.";
    },
  });
  for (const field of [fields.lon, fields.lat]) {
    field.addEventListener("change", () => {
      const typed = [fields.lon.value.trim(), fields.lat.value.trim()];
      const [lon, lat] = typed.map((value) => Number(value.replace(",", ".")));
      if (typed.every(Boolean) && Number.isFinite(lon + lat)) place.setPosition({ lon, lat });
    });
  }
}

/** One place; with `data-near-of`, what the list of that name says of its surroundings as well. */
function still(frame) {
  const pin = pinOf(frame);
  const rows = frame.dataset.nearOf
    ? [...document.querySelectorAll(`${frame.dataset.nearOf} [data-kind]`)]
    : [];
  const pins = rows.map(pinOf);
  const map = miniMap(frame, {
    lon: pin.lon,
    lat: pin.lat,
    zoom: rows.length ? 17 : 16,
    accuracy: Number(frame.dataset.accuracy) || null,
    icon: ICONS[pin.kind](pin),
    pins,
  });
  if (frame.dataset.outline) areas("emprises", JSON.parse(frame.dataset.outline)).addTo(map.map);
  if (rows.length) map.marker?.getElement()?.classList.add("is-on");
  lightFrom(map, rows);
}

/** A map beside a list: `data-pins-of` names the list, whose rows carry data-kind, lon, lat… */
export function listed(frame) {
  const rows = [...document.querySelectorAll(`${frame.dataset.pinsOf} [data-kind]`)];
  if (!rows.length) return;
  const pins = rows.map(pinOf);
  const map = miniMap(frame, { lon: pins[0].lon, lat: pins[0].lat, zoom: 15, marker: false, pins });
  fitPins(map, pins);
  lightFrom(map, rows);
  zones(frame, map);
}

/** Grounds of the address in `data-zones`, tinted by band, under everything that can be chosen. */
function zones(frame, { map }) {
  if (!frame.dataset.zones) return;
  geojson(frame.dataset.zones)
    .then((data) => farGrounds(data).addTo(map))
    .catch(() => frame.classList.add("is-bare"));
}

/** Hovering or reaching a row lights its pin. */
function lightFrom(map, rows) {
  for (const row of rows) {
    const marker = map.pin("code", row.dataset.code);
    for (const event of ["pointerenter", "focusin"]) {
      row.addEventListener(event, () => light(marker, true));
    }
    for (const event of ["pointerleave", "focusout"]) {
      row.addEventListener(event, () => light(marker, false));
    }
  }
}

/** The quarter alone, without a pin. */
for (const frame of document.querySelectorAll("[data-ground-map]")) {
  const { lon, lat } = frame.dataset;
  zones(frame, miniMap(frame, { lon: Number(lon), lat: Number(lat), zoom: 15, marker: false }));
}
for (const frame of document.querySelectorAll("[data-place-map]")) {
  const form = document.querySelector("[data-move-form]");
  if (form) movable(frame, form);
  else still(frame);
}
for (const frame of document.querySelectorAll("[data-pins-of]")) listed(frame);
