// The quarter as this phone keeps it (/signaler/paquet.json): what was already reported near a place and
// who likely keeps its ground, said with no network. The server decides when the record arrives.

const ADDRESS = "/signaler/paquet.json";
const METRES_A_DEGREE = 111320;
const MOST_NEAR = 5;
const MOST_PLACES = 8;
const DECISION = "decision";

/** The pack, or null when it was never fetched. */
export async function readPack() {
  try {
    const answer = await fetch(ADDRESS);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

export function metresApart(one, other) {
  const east = (other.lon - one.lon) * METRES_A_DEGREE * Math.cos((one.lat * Math.PI) / 180);
  return Math.hypot((other.lat - one.lat) * METRES_A_DEGREE, east);
}

function inRing({ lon, lat }, ring) {
  let inside = false;
  for (let at = 0, before = ring.length - 1; at < ring.length; before = at++) {
    const [x1, y1] = ring[at];
    const [x2, y2] = ring[before];
    if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}

/** Whether a point lies in a MultiPolygon: in a ground, and in none of its holes. */
export function isIn(point, shape) {
  return shape.some(
    ([outer, ...holes]) => inRing(point, outer) && !holes.some((hole) => inRing(point, hole)),
  );
}

const under = (point, areas) => areas.find(({ shape }) => isIn(point, shape)) ?? null;

/** Where a point is: `{commune, quarter, emprise}`, each null when there is none. */
export function placeOf(pack, point) {
  return {
    commune: under(point, pack.communes),
    quarter: under(point, pack.quarters),
    emprise: under(point, pack.emprises), // the smallest comes first
  };
}

const fits = (wanted, value) => wanted === null || wanted === value;

const firstUp = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Who likely takes a category at a place: the first rule that fits, as on the server; null if none. */
export function ownerOf(pack, point, code) {
  const { commune, emprise } = placeOf(pack, point);
  const category = pack.categories.find((one) => one.code === code);
  if (!commune || !category) return null;
  const body = emprise && emprise.kind !== DECISION ? emprise.body : undefined;
  const rule = pack.rules.find(
    (one) =>
      fits(one.category, code) &&
      fits(one.commune, commune.code) &&
      fits(one.emprise, emprise?.id) &&
      fits(one.body, body),
  );
  if (!rule) return null;
  const name = category.name[0].toLowerCase() + category.name.slice(1);
  const why = rule.why
    .replace("{category}", name)
    .replace("{body}", emprise?.body_name ?? "")
    .replace("{place}", emprise?.name ?? "");
  return { team: rule.team, of: rule.of, why: firstUp(why), commune: commune.name };
}

const kindred = (one, other) =>
  one.code === other.code || (one.kindred !== "" && one.kindred === other.kindred);

/** What is open of the same or a kindred category near a point, the nearest first. */
export function nearOf(pack, point, code) {
  const category = pack.categories.find((one) => one.code === code);
  if (!category) return { radius: 0, reports: [] };
  const radius = category.radius_m;
  const byCode = new Map(pack.categories.map((one) => [one.code, one]));
  const reports = pack.open
    .map((one) => ({ ...one, of: byCode.get(one.category), metres: metresApart(point, one) }))
    .filter(({ of, metres }) => of && metres <= radius && kindred(of, category))
    .sort((one, other) => one.metres - other.metres)
    .slice(0, MOST_NEAR);
  return { radius, reports };
}

const folded = (text) =>
  text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[’'-]/g, " ").toLowerCase();

/** Known places whose name or address holds what is typed, those that begin with it first. */
export function placesNamed(pack, words) {
  const wanted = folded(words.trim());
  if (wanted.length < 2) return [];
  return pack.places
    .map(([label, detail, lon, lat]) => ({ label, detail, lon, lat, name: folded(label) }))
    .filter(({ name, detail }) => name.includes(wanted) || folded(detail).includes(wanted))
    .sort((one, other) => other.name.startsWith(wanted) - one.name.startsWith(wanted))
    .slice(0, MOST_PLACES)
    .map(({ name, ...place }) => place);
}
