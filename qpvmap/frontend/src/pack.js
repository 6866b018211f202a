// The quarter as this phone keeps it (/signaler/paquet.json): what was already reported near a place and
// who likely keeps its ground, said with no network. The server decides when the record arrives.

const ADDRESS = "/signaler/paquet.json";
const METRES_A_DEGREE = 111320;
const MOST_NEAR = 5;
const MOST_PLACES = 8;
const DECISION = "decision";
const DISC_POINTS = 200;
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));
const DOUBT_FROM = 0.1;

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

/** Points spread evenly over the disc in which the phone says it is; the point itself when it is exact. */
function discOf({ lon, lat }, radius) {
  if (!(radius > 0)) return [{ lon, lat }];
  const perLon = METRES_A_DEGREE * Math.cos((lat * Math.PI) / 180);
  return Array.from({ length: DISC_POINTS }, (_, at) => {
    const away = radius * Math.sqrt((at + 0.5) / DISC_POINTS);
    const angle = at * GOLDEN_ANGLE;
    return {
      lon: lon + (away * Math.cos(angle)) / perLon,
      lat: lat + (away * Math.sin(angle)) / METRES_A_DEGREE,
    };
  });
}

/** The part, 0 to 1, of the disc that lies in a quarter. */
export function shareInside(pack, point, radius) {
  const disc = discOf(point, radius);
  const isInside = (one) => pack.quarters.some(({ shape }) => isIn(one, shape));
  return disc.filter(isInside).length / disc.length;
}

/** The first rule that fits a category on a piece of ground; none is as if it were not drawn. */
function ruleAt(pack, code, commune, emprise) {
  const body = emprise && emprise.kind !== DECISION ? emprise.body : undefined;
  const rule = pack.rules.find(
    (one) =>
      fits(one.category, code) &&
      fits(one.commune, commune.code) &&
      fits(one.emprise, emprise?.id) &&
      fits(one.body, body),
  );
  const isOnGround = rule && (rule.emprise !== null || rule.body !== null);
  return emprise && !isOnGround
    ? ruleAt(pack, code, commune, null)
    : rule && { rule, commune, emprise };
}

/** What the rules say of each piece of ground under the disc, the likeliest first. */
function claimsOn(pack, point, code, radius) {
  const claims = new Map();
  const disc = discOf(point, radius);
  for (const one of disc) {
    const { commune, emprise } = placeOf(pack, one);
    const claim = commune && ruleAt(pack, code, commune, emprise);
    if (!claim) continue;
    const key = claim.emprise?.id ?? claim.commune.code;
    const { share = 0 } = claims.get(key) ?? {};
    claims.set(key, { ...claim, share: share + 1 / disc.length });
  }
  const weight = ({ share, emprise }) => share * (emprise?.confidence ?? 1);
  return [...claims.values()].sort((one, other) => weight(other) - weight(one));
}

/**
 * Who likely takes a category at a place known to `radius` metres, as on the server: who keeps most of
 * the ground under the disc. `doubt` is another that may be right, with its share; null if none is.
 */
export function ownerOf(pack, point, code, radius = 0) {
  const category = pack.categories.find((one) => one.code === code);
  const here = under(point, pack.communes);
  const [best, ...others] = here && category ? claimsOn(pack, point, code, radius) : [];
  if (!best) return null;
  const { rule, emprise } = best;
  const name = category.name[0].toLowerCase() + category.name.slice(1);
  const why = rule.why
    .replace("{category}", name)
    .replace("{body}", emprise?.body_name ?? "")
    .replace("{place}", emprise?.name ?? "");
  const isOther = (one) => one.rule.team !== rule.team || one.rule.of !== rule.of;
  const doubt = others.find((one) => isOther(one) && one.share >= DOUBT_FROM);
  return {
    team: rule.team,
    of: rule.of,
    why: firstUp(why),
    commune: here.name,
    doubt: doubt ? { team: doubt.rule.team, share: doubt.share } : null,
  };
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
