// What every map of the site draws from our own data: ground, limits, quarter, labels.
// Colours are in styles/map.css, on the SVG paths' classes: they follow the colour scheme by themselves.
import L from "./global-leaflet.js";

const PANES = {
  ground: 150,
  offers: 210,
  choropleth: 220,
  iris: 230,
  communes: 250,
  band: 260,
  "qpv-2015": 270,
  "qpv-case": 280,
  "qpv-2024": 290,
  // Above the quarter, which covers most of them and would take their clicks.
  emprises: 295,
  labels: 590,
  // Above the pins: the quarter is covered with them, and its name is what people look for first.
  name: 640,
};

const STYLES = {
  iris: { pane: "iris", className: "m-iris is-area" },
  "bande-300": { pane: "band", className: "m-band", interactive: false },
  emprises: { pane: "emprises", className: "m-emp is-area" },
  "qpv-2015": { pane: "qpv-2015", className: "m-qpv15 is-area" },
  "qpv-2024": { pane: "qpv-2024", className: "m-qpv is-area" },
};

/** Where the layers are served: `url(key)`. */
export const layerUrl = (key) => `/carte/couches/${key}.geojson`;

const loaded = new Map();

/** Fetch GeoJSON once per page; a failed try is forgotten so that it can be tried again. */
export function geojson(url) {
  if (!loaded.has(url)) {
    const answer = fetch(url, { headers: { Accept: "application/geo+json" } }).then((response) => {
      if (!response.ok) throw new Error(`${url}: ${response.status}`);
      return response.json();
    });
    answer.catch(() => loaded.delete(url));
    loaded.set(url, answer);
  }
  return loaded.get(url);
}

export function addPanes(map) {
  for (const [name, order] of Object.entries(PANES)) {
    map.createPane(name).style.zIndex = order;
  }
  for (const name of ["labels", "name"]) map.getPane(name).style.pointerEvents = "none";
}

/** Give a drawn path another class, now and the next time it is put on the map. */
export function setClass(path, className) {
  path.options.className = className;
  const element = path.getElement?.();
  if (!element) return;
  const interactive = element.classList.contains("leaflet-interactive");
  element.setAttribute("class", interactive ? `${className} leaflet-interactive` : className);
}

function label(feature, className, pane) {
  const point = feature.properties.label;
  if (!point) return null;
  const text = document.createElement("span");
  text.textContent = feature.properties.name;
  const icon = L.divIcon({ html: text, className: `m-label ${className}`, iconSize: [0, 0] });
  return L.marker([point[1], point[0]], {
    icon,
    pane,
    interactive: false,
    keyboard: false,
  });
}

/** Names of features, each at its `label` point. */
export function labels(data, className, { wanted = () => true, pane = "labels" } = {}) {
  return L.layerGroup(
    data.features
      .filter(wanted)
      .map((feature) => label(feature, className, pane))
      .filter(Boolean),
  );
}

/** Draw a GeoJSON layer in its own pane with its own class. */
export function areas(key, data, onFeature) {
  const style = STYLES[key];
  return L.geoJSON(data, {
    pane: style.pane,
    interactive: style.interactive ?? true,
    style: (feature) => ({
      className:
        feature.properties.main === false ? `${style.className} m-qpv-other` : style.className,
      fill: true,
      fillOpacity: 1,
      opacity: 1,
    }),
    onEachFeature: onFeature,
  });
}

/** Grounds from which one walks too long: the tints of indicators, a band darker than the last. */
export function farGrounds(data) {
  return L.geoJSON(data, {
    pane: "choropleth",
    interactive: false,
    style: ({ properties }) => ({
      className: `m-far m-ch-${properties.band + 2}`,
      fill: true,
      fillOpacity: 1,
      opacity: 1,
    }),
  });
}

/** Ground without tiles: communes in faint tints; with `onFeature`, each can be chosen. */
export function ground(data, onFeature) {
  return L.geoJSON(data, {
    pane: "ground",
    interactive: Boolean(onFeature),
    style: (feature) => ({
      className: `m-land m-land-${feature.properties.tint ?? 1}`,
      fill: true,
      fillOpacity: 1,
      stroke: false,
    }),
    onEachFeature: onFeature,
  });
}

const isMain = (feature) => feature.properties.main !== false;

/** The quarter: white casing under the outline, and its name on a point on its surface. */
export function quarter(key, data, onFeature) {
  const group = L.layerGroup();
  if (key === "qpv-2024") {
    group.addLayer(
      L.geoJSON(data, {
        pane: "qpv-case",
        interactive: false,
        filter: isMain,
        style: { className: "m-qpv-case", fill: false },
      }),
    );
    group.addLayer(labels(data, "m-lab-qpv", { wanted: isMain, pane: "name" }));
  }
  return group.addLayer(areas(key, data, onFeature));
}

/** Limits of the communes, each drawn once, with their names. */
export function communes(limits, data) {
  const style = { className: "m-commune", fill: false };
  const lines = L.geoJSON(limits, { pane: "communes", interactive: false, style });
  return L.layerGroup([lines, labels(data, "m-lab-com")]);
}

/** Leaflet's metric scale, drawn like the rest. */
export function scale(map, position = "topleft") {
  return L.control.scale({ imperial: false, metric: true, maxWidth: 110, position }).addTo(map);
}

/** Let the browser answer a finger between two layers: a slow phone draws each of them for long. */
const breath = () => new Promise((resolve) => setTimeout(resolve));

/** Same ground on every map: communes, IRIS limits, main roads, the quarter; a former one if asked. */
export async function drawGround(map, former) {
  if (former) geojson(layerUrl(former)).then((data) => quarter(former, data).addTo(map));
  const [communesData, limits, irisData, roadsData, qpvData] = await Promise.all(
    ["communes", "limites", "iris", "routes", "qpv-2024"].map((key) => geojson(layerUrl(key))),
  );
  quarter("qpv-2024", qpvData).addTo(map);
  await breath();
  ground(communesData).addTo(map);
  await breath();
  L.geoJSON(irisData, {
    pane: "iris",
    interactive: false,
    style: { className: "m-iris", fill: false },
  }).addTo(map);
  await breath();
  L.geoJSON(roadsData, {
    pane: "ground",
    interactive: false,
    style: { className: "m-road", fill: false },
  }).addTo(map);
  await breath();
  communes(limits, communesData).addTo(map);
}
