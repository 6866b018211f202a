// #carte=16/48.78360/2.30050&calques=…&fond=…&iris=…&metier=…&fiche=iris:920070117
const DECIMALS = 5;

function place(text) {
  const [zoom, lat, lon] = (text ?? "").split("/").map(Number);
  const good =
    [zoom, lat, lon].every(Number.isFinite) && Math.abs(lat) <= 85 && Math.abs(lon) <= 180;
  return good ? { zoom, center: [lat, lon] } : {};
}

function cardOf(text) {
  const [kind, ...rest] = (text ?? "").split(":");
  return rest.length ? { kind, code: rest.join(":") } : null;
}

/** What the address asks for, or null when it says nothing of the map. */
export function readAddress(hash = window.location.hash) {
  if (!hash.startsWith("#carte=")) return null;
  const fields = new URLSearchParams(hash.slice(1));
  return {
    ...place(fields.get("carte")),
    layers: fields.get("calques")?.split(",") ?? null,
    basemap: fields.get("fond"),
    indicator: fields.get("iris"),
    trade: fields.get("metier"),
    card: cardOf(fields.get("fiche")),
  };
}

export function writeAddress({ center, zoom, layers, basemap, indicator, trade, card }) {
  const parts = [
    `carte=${zoom}/${center.lat.toFixed(DECIMALS)}/${center.lng.toFixed(DECIMALS)}`,
    `calques=${layers.join(",")}`,
    `fond=${basemap}`,
  ];
  if (indicator) parts.push(`iris=${encodeURIComponent(indicator)}`);
  if (trade) parts.push(`metier=${encodeURIComponent(trade)}`);
  if (card) parts.push(`fiche=${card.kind}:${encodeURIComponent(card.code)}`);
  window.history.replaceState(window.history.state, "", `#${parts.join("&")}`);
}
