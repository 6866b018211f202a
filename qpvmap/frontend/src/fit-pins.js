/** Show every pin of a list at once, without going closer than a street. */
export function fitPins({ map }, pins) {
  map.options.zoomSnap = 0.25;
  map.fitBounds(
    pins.map(({ lon, lat }) => [lat, lon]),
    { padding: [36, 36], maxZoom: 17, animate: false },
  );
}
