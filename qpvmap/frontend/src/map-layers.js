// From a declared layer to a drawn one. Each builder returns a Leaflet layer (or a promise of it).
import L from "./global-leaflet.js";
import "leaflet.markercluster";
import { areas, communes, geojson, ground, labels, layerUrl, quarter } from "./map-draw.js";
import { clusterIcon, equipmentIcon, operationIcon, signalementIcon } from "./map-pins.js";

const PHASES = {
  programmed: "plan",
  studies: "study",
  works: "work",
  delivered: "done",
  abandoned: "dropped",
};
const THEMES = { education: "school" };
const ICONS = { velib: "t-bike", "public-space": "c-furniture" };

L.MarkerCluster.mergeOptions({ keyboard: false });

const GROUPS = {
  maxClusterRadius: 32,
  disableClusteringAtZoom: 18,
  showCoverageOnHover: false,
  spiderLegPolylineOptions: { weight: 1.5, className: "m-leg" },
};

/** Thousands of places from afar must leave the streets in sight: their groups gather more. */
const equipmentRadius = (zoom) => (zoom < 16 ? 90 : 50);

/** Signalements are what people act on: plan and equipment stand behind them. */
const BEHIND = -10000;

const themeOf = (properties) => THEMES[properties.theme] ?? properties.theme;
const symbolOf = ({ kind, theme }) => ICONS[kind] ?? ICONS[theme] ?? `t-${THEMES[theme] ?? theme}`;

const POINTS = {
  operation: (p) =>
    operationIcon({
      name: p.approximate ? `${p.name}, lieu approximatif` : p.name,
      phase: PHASES[p.status] ?? p.status,
      icon: symbolOf(p),
      approximate: p.approximate,
    }),
  equipement: (p) => equipmentIcon({ name: p.name, theme: themeOf(p), icon: symbolOf(p) }),
  guide: (p) => equipmentIcon({ name: p.name, theme: "social", icon: "note" }),
};

/** One tip for the whole map: a bound one per shape would make each shape a silent tab stop. */
function followPointer(page, path, content) {
  page.tip ??= L.tooltip({ className: "map-tip", opacity: 1 });
  const { map, tip } = page;
  path.on("mouseover", ({ latlng }) => tip.setLatLng(latlng).setContent(content()).addTo(map));
  path.on("mousemove", ({ latlng }) => tip.setLatLng(latlng));
  path.on("mouseout remove click", () => tip.remove());
}

/** A shape opens its card; its name follows the pointer, written by textContent. */
function interactive(page, kind) {
  return (feature, path) => {
    const { code, name } = feature.properties;
    path.on("click", (event) => {
      L.DomEvent.stopPropagation(event);
      page.card.open(kind, code);
    });
    followPointer(page, path, () => page.choropleth.tooltip(kind, code, name));
    page.card.know(kind, code, path);
  };
}

async function areaLayer(page, spec) {
  const data = await geojson(spec.url);
  const onFeature = spec.card ? interactive(page, spec.card) : undefined;
  if (spec.key.startsWith("qpv-")) return quarter(spec.key, data, onFeature);
  if (spec.key === "communes") return communes(await geojson(layerUrl("limites")), data);
  const drawn = areas(spec.key, data, onFeature);
  if (spec.key === "iris") page.choropleth.know(drawn);
  return drawn;
}

/** From here on, equipment is gathered in groups. */
const MANY = 150;

async function pointLayer(page, spec) {
  const data = await geojson(spec.url);
  const drawn = L.geoJSON(data, {
    pointToLayer: ({ properties }, latlng) => {
      const icon = POINTS[spec.card](properties);
      const marker = L.marker(latlng, { icon, keyboard: false, zIndexOffset: BEHIND });
      marker.on("click", () => page.card.open(spec.card, properties.code));
      page.card.know(spec.card, properties.code, marker);
      return marker;
    },
  });
  if (spec.card !== "equipement" || data.features.length < MANY) return drawn;
  const group = L.markerClusterGroup({
    ...GROUPS,
    maxClusterRadius: equipmentRadius,
    iconCreateFunction: (near) => clusterIcon(near.getChildCount(), 0, "équipements"),
  });
  return group.addLayers(drawn.getLayers());
}

function signalementMarker(page, { geometry, properties }) {
  const [lon, lat] = geometry.coordinates;
  const marker = L.marker([lat, lon], { icon: signalementIcon(properties), keyboard: false });
  marker.properties = properties;
  marker.on("click", () => page.card.open("signalement", properties.reference));
  page.card.know("signalement", properties.reference, marker);
  return marker;
}

function cluster() {
  return L.markerClusterGroup({
    ...GROUPS,
    iconCreateFunction: (group) => {
      const late = group.getAllChildMarkers().filter((marker) => marker.properties.late).length;
      return clusterIcon(group.getChildCount(), late);
    },
  });
}

/** Open and settled signalements share one cluster group, so that a count says it all. */
class Signalements {
  constructor(page) {
    this.page = page;
    this.group = cluster();
    this.members = new Map();
    this.onlyLate = false;
  }

  async load(spec) {
    const data = await geojson(spec.url);
    this.#keep(spec, data);
    // More than one answer holds: from now on, ask for what is in sight.
    if (data.truncated) this.page.map.on("moveend", () => this.#reload(spec));
    const layer = new L.Layer();
    layer.onAdd = () => this.redraw();
    layer.onRemove = () => this.redraw();
    return layer;
  }

  #keep(spec, data) {
    const markers = data.features.map((feature) => signalementMarker(this.page, feature));
    this.members.set(spec.key, markers);
  }

  async #reload(spec) {
    const box = this.page.map.getBounds().pad(0.2).toBBoxString();
    try {
      const response = await fetch(`${spec.url}&bbox=${box}`);
      if (!response.ok) throw new Error(String(response.status));
      this.#keep(spec, await response.json());
      this.redraw();
    } catch {
      this.page.say("motDonnees");
    }
  }

  redraw() {
    if (!this.page.map.hasLayer(this.group)) this.page.map.addLayer(this.group);
    this.group.clearLayers();
    for (const [key, markers] of this.members) {
      if (!this.page.shown(key)) continue;
      this.group.addLayers(markers.filter((marker) => !this.onlyLate || marker.properties.late));
    }
    this.page.card.relight();
  }

  filter(onlyLate) {
    this.onlyLate = onlyLate;
    this.redraw();
  }
}

const BUILDERS = {
  areas: areaLayer,
  points: pointLayer,
  offers: (page, spec) => page.offers.load(spec),
  signalements: (page, spec) => {
    page.signalements ??= new Signalements(page);
    return page.signalements.load(spec);
  },
};

export function buildLayer(page, spec) {
  return BUILDERS[spec.type](page, spec);
}

/** What lies under the tiles: communes in faint tints, IRIS limits, main roads. */
export async function drawBackground(page) {
  const [land, blocks, roads] = await Promise.all(
    ["communes", "iris", "routes"].map((key) => geojson(layerUrl(key))),
  );
  ground(land, interactive(page, "commune")).addTo(page.map);
  const lines = (pane, className) => ({
    pane,
    interactive: false,
    style: { className, fill: false },
  });
  L.geoJSON(blocks, lines("ground", "m-iris m-iris-ground")).addTo(page.map);
  L.geoJSON(roads, lines("ground", "m-road")).addTo(page.map);
  labels(roads, "m-lab-road").addTo(page.map);
}
