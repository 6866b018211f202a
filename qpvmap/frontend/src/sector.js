// In which sector a position lies: told here, on the phone, from outlines that the page carries. The
// position goes no further than this function.

const METRES_A_DEGREE = 111320;
const LEAST_DOUBT_M = 30;
export const OUTSIDE = "hors-quartier";

/** Whether a point, in metres from the position, lies inside the rings of a polygon, holes left out. */
function isInside(rings) {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const [[x1, y1], [x2, y2]] = [ring[i], ring[j]];
      if (y1 > 0 !== y2 > 0 && ((x2 - x1) * -y1) / (y2 - y1) + x1 > 0) inside = !inside;
    }
  }
  return inside;
}

/** How far the position is from the edge of a polygon, metres. */
function distanceTo(rings) {
  let nearest = Number.POSITIVE_INFINITY;
  for (const ring of rings) {
    for (let i = 1; i < ring.length; i += 1) {
      const [[x1, y1], [x2, y2]] = [ring[i - 1], ring[i]];
      const [dx, dy] = [x2 - x1, y2 - y1];
      const length = dx * dx + dy * dy;
      const along = length ? Math.min(1, Math.max(0, -(x1 * dx + y1 * dy) / length)) : 0;
      nearest = Math.min(nearest, Math.hypot(x1 + along * dx, y1 + along * dy));
    }
  }
  return nearest;
}

/**
 * The code of the sector where a fix `{lon, lat, accuracy}` lies, or of the nearest one when the fix
 * may as well be there: quarters are thin. `OUTSIDE` otherwise.
 */
export function sectorAt(shapes, { lon, lat, accuracy }) {
  const wide = METRES_A_DEGREE * Math.cos((lat * Math.PI) / 180);
  const inMetres = ([x, y]) => [(x - lon) * wide, (y - lat) * METRES_A_DEGREE];
  let [nearest, code] = [Math.max(accuracy ?? 0, LEAST_DOUBT_M), OUTSIDE];
  for (const shape of shapes) {
    for (const polygon of shape.polygons) {
      const rings = polygon.map((ring) => ring.map(inMetres));
      if (isInside(rings)) return shape.code;
      const away = distanceTo(rings);
      if (away <= nearest) [nearest, code] = [away, shape.code];
    }
  }
  return code;
}
