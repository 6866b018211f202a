// The quarter's name: moved aside when pins stand on it, so that neither hides the other.

const STEPS = [0, 34, -34, 68, -68, 102, -102];
const SIDES = [0, 70, -70, 140, -140];
const WAIT_MS = 120;

const overlap = (a, b) =>
  Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) *
  Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

const shifted = ({ left, right, top, bottom }, x, y) => ({
  left: left + x,
  right: right + x,
  top: top + y,
  bottom: bottom + y,
});

/** Places to try, the nearest first. */
const TRIES = STEPS.flatMap((y) => SIDES.map((x) => [x, y])).sort(
  (a, b) => Math.hypot(...a) - Math.hypot(...b),
);

/** Keep the name of the quarter clear of the pins of `map`, whatever is drawn or zoomed. */
export function keepNameClear(map) {
  let timer;
  const later = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => place(map), WAIT_MS);
  };
  map.on("zoomend layeradd layerremove", later);
}

function place(map) {
  const name = map.getPane("name").querySelector(".m-lab-qpv > span");
  if (!name) return;
  name.style.translate = "";
  const box = name.getBoundingClientRect();
  const drawn = [...map.getPane("markerPane").querySelectorAll("svg > g")];
  const pins = drawn.map((pin) => pin.getBoundingClientRect()).filter(({ width }) => width);
  const cost = ([x, y]) => pins.reduce((sum, pin) => sum + overlap(shifted(box, x, y), pin), 0);
  let best = TRIES[0];
  let least = cost(best);
  for (const shift of TRIES) {
    if (!least) break;
    const covered = cost(shift);
    if (covered < least) [best, least] = [shift, covered];
  }
  name.style.translate = `${best[0]}px ${best[1]}px`;
}
