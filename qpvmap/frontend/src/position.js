// The phone's position: waits some seconds for a good one, and lets go as soon as asked to.

export const GOOD_M = 30;
const PATIENCE_MS = 15000;
const OPTIONS = { enableHighAccuracy: true, maximumAge: 10000, timeout: PATIENCE_MS };
const REFUSED = 1;

/**
 * Tells `onFix({lon, lat, accuracy, at, settled})` at each better fix, and `onFail("refused" | "none")`.
 * Returns a function that stops it.
 */
export function findMe({ onFix, onFail }) {
  if (!navigator.geolocation) {
    onFail("none");
    return () => {};
  }
  let best = null;
  let watch = null;
  const stop = () => {
    navigator.geolocation.clearWatch(watch);
    clearTimeout(timer);
  };
  const give = (settled) => {
    if (settled) stop();
    onFix({ ...best, settled });
  };
  const timer = setTimeout(() => {
    stop();
    if (best) give(true);
    else onFail("none");
  }, PATIENCE_MS);
  watch = navigator.geolocation.watchPosition(
    ({ coords, timestamp: at }) => {
      if (best && coords.accuracy >= best.accuracy) return;
      best = { lon: coords.longitude, lat: coords.latitude, accuracy: coords.accuracy, at };
      give(best.accuracy <= GOOD_M);
    },
    (error) => {
      if (error.code !== REFUSED && best) return;
      stop();
      onFail(error.code === REFUSED ? "refused" : "none");
    },
    OPTIONS,
  );
  return stop;
}
