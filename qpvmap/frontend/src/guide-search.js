// The guide looked for on the phone, without network: as storage/sql/guide_offers.sql does, but for
// what is mistyped. Nothing that is typed, and no position, leaves the phone.
import { metresApart } from "./pack.js";

const LEAST = 0.55;
const WORD_MIN = 2;
const STEM_MIN = 4;

/** As `folded` of core/subscriptions.py: no accents, capitals or signs. */
export const folded = (text) =>
  text
    .toLowerCase()
    .replaceAll("œ", "oe")
    .replaceAll("æ", "ae")
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/g, " ")
    .trim();

/** The words that matter in what was typed; all of them when none does. */
export function tellingWords(typed, empty) {
  const words = folded(typed)
    .split(" ")
    .filter((word) => word.length >= WORD_MIN);
  const telling = words.filter((word) => !empty.includes(word));
  return [...new Set(telling.length ? telling : words)];
}

const kindred = (word, other) => {
  const kept = Math.max(STEM_MIN, word.length - 2);
  return word === other || (word.length >= kept && other.slice(0, kept) === word.slice(0, kept));
};

const says = (text, word) => text.split(" ").some((other) => kindred(word, other));

const matches = (offer, { commune, theme, public: who, cost, language }) =>
  (!commune || [commune, ""].includes(offer.communeCode)) &&
  (!theme || offer.theme === theme) &&
  (!cost || offer.costCode === cost) &&
  (!language || offer.languages.toLowerCase().includes(language.toLowerCase())) &&
  (!who || offer.publics.includes(who) || (who !== "all" && offer.publics.includes("all")));

/** The offers of the pack that answer, the best first. A rare word counts more, a title more still. */
export function search({ offers, empty }, wanted) {
  const fitting = offers.filter((offer) => matches(offer, wanted));
  const words = tellingWords(wanted.words ?? "", empty);
  if (!words.length) return fitting;
  const weights = new Map();
  for (const word of words) {
    const count = offers.filter((offer) => says(offer.words, word)).length;
    if (count) weights.set(word, Math.log(1 + offers.length / count));
  }
  const whole = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  return fitting
    .map((offer) => {
      const held = [...weights].filter(([word]) => says(offer.words, word));
      const title = folded(`${offer.title} ${offer.name}`);
      const found = held.reduce((sum, [, weight]) => sum + weight, 0);
      const inTitle = held.reduce((sum, [word, weight]) => sum + says(title, word) * weight, 0);
      return { offer, found, score: found + inTitle };
    })
    .filter(({ found }) => found > 0 && found >= LEAST * whole)
    .sort((one, other) => other.score - one.score)
    .map(({ offer }) => offer);
}

/** Offers with how far each is, in metres (null when its place is not known), the nearest first. */
export function byDistance(offers, here) {
  return offers
    .map((offer) => ({ ...offer, metres: offer.lon === null ? null : metresApart(here, offer) }))
    .sort((one, other) => (one.metres ?? Infinity) - (other.metres ?? Infinity));
}

/** `350 m`, `1,2 km`: rounded, since a position is. */
export function distanceWords(metres) {
  if (metres === null) return "lieu à préciser";
  if (metres < 1000) return `à ${Math.max(10, Math.round(metres / 10) * 10)}\u00a0m`;
  return `à ${(metres / 1000).toFixed(1).replace(".", ",")}\u00a0km`;
}
