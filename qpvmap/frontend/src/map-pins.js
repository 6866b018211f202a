// Pins: SVG in a divIcon, coloured by the classes of styles/map.css. No people's words in markup:
// names go in by textContent.
import L from "./global-leaflet.js";

const SVG = "http://www.w3.org/2000/svg";

const STATUS_CLASS = {
  to_arbitrate: "arbitrate",
  acknowledged: "ack",
  in_progress: "progress",
};

let sprite = "/static/icons.svg";

/** Tell where the icon sprite is (its address carries a version). */
export function useSprite(url) {
  if (url) sprite = url;
}

export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function glyph(name, size) {
  const half = -size / 2;
  return svg("use", {
    href: `${sprite}#i-${name}`,
    x: half,
    y: half,
    width: size,
    height: size,
  });
}

function titled(name) {
  const title = svg("title");
  title.textContent = name;
  return title;
}

/** Wrap drawn shapes into a Leaflet icon with a 44 px touch area. */
function icon(name, classes, shapes, size = 44) {
  const half = size / 2;
  const drawing = svg(
    "svg",
    { viewBox: `${-half} ${-half} ${size} ${size}`, width: size, height: size, role: "img" },
    titled(name),
    svg("g", { class: classes }, ...shapes),
  );
  return L.divIcon({ html: drawing, className: "pin", iconSize: [size, size] });
}

function lateNotch() {
  return svg(
    "g",
    { class: "m-late" },
    svg("path", { d: "M9-18l7 7-7 7-7-7z" }),
    svg("path", { d: "M9-14v3.5M9-8.600v.1", class: "m-late-x" }),
  );
}

const ring = () => svg("circle", { r: 17, class: "m-on" });

export function statusClass(status) {
  return STATUS_CLASS[status] ?? status;
}

/** Signalement: disc in the colour of its status, square with a padlock when confidential. */
export function signalementIcon({ name, status, late, confidential }) {
  const suffix = statusClass(status);
  const body = confidential
    ? svg("rect", { x: -11.5, y: -11.5, width: 23, height: 23, rx: 3 })
    : svg("circle", { r: 12 });
  const shapes = [body, glyph(confidential ? "lock" : `st-${suffix}`, 15), ring()];
  if (late) shapes.push(lateNotch());
  return icon(name, `m-pin st-${suffix}`, shapes);
}

/** Operation of the investment plan: rounded square, "?" badge when the place is approximate. */
export function operationIcon({ name, phase, icon: symbol, approximate }) {
  const shapes = [
    svg("rect", { x: -12, y: -12, width: 24, height: 24, rx: 4 }),
    glyph(symbol, 15),
    ring(),
  ];
  if (approximate) {
    const mark = svg("text", { x: 11, y: -7.5, "text-anchor": "middle" });
    mark.textContent = "?";
    shapes.push(svg("g", { class: "m-approx" }, svg("circle", { cx: 11, cy: -11.5, r: 7 }), mark));
  }
  return icon(name, `m-pin m-op op-${phase}${approximate ? " m-doubt" : ""}`, shapes);
}

/** Equipment: small white circle outlined in the colour of its theme. */
export function equipmentIcon({ name, theme, icon: symbol }) {
  return icon(name, `m-pin m-eq th-${theme}`, [svg("circle", { r: 9 }), glyph(symbol, 12), ring()]);
}

/** Stop of a round: its number, grey once it was seen to. */
export function stopIcon({ name, number, passed }) {
  const text = svg("text", { y: 4.5, "text-anchor": "middle" });
  text.textContent = number;
  const classes = passed ? "m-stop is-passed" : "m-stop";
  return icon(name, classes, [svg("circle", { r: 13 }), text, ring()]);
}

/** Group: count, teal ring whose red arc is the share late. */
export function clusterIcon(count, late, noun = "signalements") {
  const around = 2 * Math.PI * 19;
  const arc = late ? Math.max(around * (late / count), 6) : 0;
  const name = late ? `${count} ${noun}, dont ${late} en retard` : `${count} ${noun}`;
  const text = svg("text", { y: 5, "text-anchor": "middle" });
  text.textContent = String(count);
  const shapes = [
    svg("circle", { r: 23, class: "m-cl-case" }),
    svg("circle", { r: 19, class: "m-cl-ring" }),
  ];
  if (arc) {
    shapes.push(
      svg("circle", {
        r: 19,
        class: "m-cl-late",
        "stroke-dasharray": `${arc.toFixed(1)} ${around.toFixed(1)}`,
        transform: "rotate(-90)",
      }),
    );
  }
  return icon(name, "m-cluster", [...shapes, text], 52);
}

/** Pin dropped by hand or by a search. */
export function dropIcon(name) {
  const size = 56;
  const drawing = svg(
    "svg",
    { viewBox: "-28 -44 56 56", width: size, height: size, role: "img" },
    titled(name),
    svg(
      "g",
      { class: "m-drop" },
      svg("ellipse", { rx: 7, ry: 3 }),
      svg("path", { d: "M0 0C-9-12-14-18-14-26a14 14 0 0 1 28 0C14-18 9-12 0 0z" }),
      svg("circle", { cy: -26, r: 5 }),
    ),
  );
  return L.divIcon({
    html: drawing,
    className: "pin pin-drop",
    iconSize: [size, size],
    iconAnchor: [28, 44],
  });
}

/** "You are here". */
export function meIcon(name) {
  return icon(name, "m-me", [svg("circle", { r: 8, class: "m-dot" })], 24);
}

/** Light the pin (or put it out) without redrawing it. */
export function light(marker, on) {
  marker?.getElement?.()?.classList.toggle("is-on", on);
  if (!marker?.setZIndexOffset) return;
  marker.restingOffset ??= marker.options.zIndexOffset;
  marker.setZIndexOffset(on ? 20000 : marker.restingOffset);
}
