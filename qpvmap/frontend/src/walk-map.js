// The map of a walk: its stops by number and its line. The page is complete without it.
import { fitPins } from "./fit-pins.js";
import L from "./global-leaflet.js";
import { dropIcon } from "./map-pins.js";
import { miniMap } from "./minimap.js";
import { Line } from "./walk-line.js";

function pinOf({ dataset }) {
  return {
    kind: "stop",
    number: dataset.number,
    name: dataset.name,
    lon: Number(dataset.lon),
    lat: Number(dataset.lat),
    passed: dataset.seen !== undefined,
  };
}

/** The stops that the page lists, as pins. */
export function listedStops() {
  return [...document.querySelectorAll("[data-number][data-lon]")].map(pinOf);
}

/** Draw the map in `frame`; gives `{map, small, relist, draw, drop}` to go on with. */
export function walkMap(frame) {
  const pins = listedStops();
  const small = miniMap(frame, {
    lon: Number(frame.dataset.lon),
    lat: Number(frame.dataset.lat),
    zoom: 16,
    marker: false,
    pins,
  });
  const route = JSON.parse(frame.dataset.route || "[]");
  const straight = pins.map(({ lon, lat }) => [lat, lon]);
  const line = route.length ? route : straight;
  const className = route.length ? "m-route" : "m-way";
  L.polyline(line, { className, interactive: false }).addTo(small.map);
  const shown = [...pins, ...route.map(([lat, lon]) => ({ lon, lat }))];
  if (shown.length) fitPins(small, shown);
  const pin = L.marker([0, 0], { icon: dropIcon("Nouvel arrêt"), keyboard: false });
  return {
    map: small.map,
    small,
    relist() {
      pin.remove();
      small.setPins(listedStops());
    },
    /** Have the line that is drawn by hand kept by `form`; gives whether one is being drawn. */
    draw(form, onKept) {
      const line = new Line(form, small.map);
      small.map.on("click", ({ latlng }) => line.drawing && line.at(latlng));
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        onKept((words) => line.done(words));
      });
      return () => line.drawing;
    },
    /** Put the pin of a stop that is not added yet. */
    drop: (latlng) => pin.setLatLng(latlng).addTo(small.map),
  };
}
