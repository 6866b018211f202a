// The guide: what is nearest to where the phone is, and the whole of it without network. The position
// is compared on the phone with the guide that it keeps: it is never sent.
import { byDistance, distanceWords, search } from "./guide-search.js";
import { listed } from "./place.js";
import { findMe } from "./position.js";

const NAMES = {
  words: "q",
  commune: "commune",
  theme: "theme",
  public: "public",
  language: "langue",
  cost: "cout",
};
const MOST_SHOWN = 60;
const FRESH_MS = 15 * 60 * 1000; // after which "open now" would be a lie
const NEAREST = "Les plus proches d’abord, à vol d’oiseau. Votre position reste sur ce téléphone.";
const NOWHERE =
  "Aucune de ces offres n’a encore de lieu sur la carte : elles ne peuvent pas être classées.";
const REFUSED =
  "La position n’est pas permise pour ce site. Réglez-le dans votre navigateur, puis réessayez.";
const NOT_FOUND =
  "Position introuvable pour l’instant. Réessayez dehors, ou plus près d’une fenêtre.";
const NO_PACK = "Le guide n’est pas encore gardé sur ce téléphone : réessayez avec du réseau.";

const page = document.querySelector("[data-guide]");
const results = page.querySelector("[data-results]");
const said = page.querySelector("[data-said]");
const near = page.querySelector("[data-near]");

const one = (root, name, value) => root.querySelector(`[data-${name}="${value}"]`);

function say(words) {
  said.hidden = !words;
  said.textContent = words;
}

async function readGuide() {
  try {
    const answer = await fetch(page.dataset.pack);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** What the address asks for; "open now" needs the server's calendar, and is left to it. */
function wantedHere() {
  const asked = new URLSearchParams(location.search);
  return Object.fromEntries(
    Object.entries(NAMES).map(([name, argument]) => [name, (asked.get(argument) ?? "").trim()]),
  );
}

function fill(row, name, text) {
  one(row, "fill", name).textContent = text;
  if (text) return;
  one(row, "fill", name).remove();
  one(row, "of", name)?.remove();
}

function rowOf(offer) {
  const row = page.querySelector("[data-row]").content.firstElementChild.cloneNode(true);
  const place = [offer.address, offer.place].filter(Boolean).join(", ");
  const texts = {
    title: offer.title,
    where: [offer.name, offer.commune].filter(Boolean).join(" · "),
    distance: offer.metres === undefined ? "" : distanceWords(offer.metres),
    description: offer.description,
    whom: offer.whom,
    when: offer.when.join("\n") || "non précisé",
    place,
    cost: offer.cost,
    conditions: offer.conditions,
    languages: offer.languages,
    contact: offer.contact,
    checked: offer.checked,
  };
  for (const [name, text] of Object.entries(texts)) fill(row, name, text);
  row.querySelector("h3 a").href = offer.href;
  const symbol = row.querySelector("[data-icon]");
  symbol.setAttribute("href", `${sprite()}#i-${offer.icon}`);
  row.querySelector(".item-icon").classList.add(`th-${offer.themeClass}`);
  const call = row.querySelector("[data-call]");
  if (offer.phone) {
    call.href = `tel:${offer.call}`;
    one(row, "fill", "phone").textContent = offer.phone;
  } else call.remove();
  if (offer.address) one(row, "fill", "address").textContent = offer.address;
  else one(row, "if", "address").remove();
  if (offer.costCode !== "free") one(row, "if", "free").remove();
  if (!offer.doubtful) one(row, "if", "doubtful").remove();
  if (offer.lon !== null) {
    const { lon, lat, id: code, name, themeClass: theme, icon, href } = offer;
    Object.assign(row.dataset, { kind: "equipement", lon, lat, code, name, theme, icon, href });
  }
  return row;
}

/** The sprite as the page's own icons name it, with its version. */
const sprite = () => page.querySelector("svg use[href]").getAttribute("href").split("#")[0];

function show(offers) {
  const list = page.querySelector("[data-list]").content.firstElementChild.cloneNode(true);
  const shown = offers.slice(0, MOST_SHOWN);
  const more = offers.length > shown.length ? `, les ${shown.length} premières` : "";
  const noun = offers.length > 1 ? "offres" : "offre";
  one(list, "fill", "count").textContent = `${offers.length}\u00a0${noun}${more}`;
  list.querySelector("ul").replaceChildren(...shown.map(rowOf));
  const frame = results.querySelector(".map-shell");
  const column = results.querySelector(".guide-map");
  const split = document.createElement("div");
  split.className = "split";
  split.append(list);
  if (column && frame) {
    const fresh = document.createElement("section");
    fresh.className = "map-shell";
    fresh.setAttribute("aria-label", "Carte des lieux du guide");
    const { basemaps, icons } = frame.dataset;
    Object.assign(fresh.dataset, { pinsOf: "#liste-guide", basemaps, icons });
    column.replaceChildren(fresh);
    split.append(column);
  }
  results.replaceChildren(split);
  const map = results.querySelector("[data-pins-of]");
  if (map && results.querySelector("[data-kind]")) listed(map);
  else map?.remove();
}

/** What the server found, of the guide that the phone keeps. */
function answering(guide) {
  const list = document.querySelector("#liste-guide[data-ids]");
  if (!list) return search(guide, wantedHere());
  const known = new Map(guide.offers.map((offer) => [String(offer.id), offer]));
  return list.dataset.ids.split(" ").flatMap((id) => known.get(id) ?? []);
}

let answers = null;

function sortByDistance() {
  near.disabled = true;
  say("Position en cours…");
  const done = (words) => {
    near.disabled = false;
    say(words);
  };
  findMe({
    onFix: async (here) => {
      if (!here.settled) return;
      const guide = await readGuide();
      if (!guide) return done(NO_PACK);
      answers ??= answering(guide);
      show(byDistance(answers, here));
      done(answers.some(({ lon }) => lon !== null) ? NEAREST : NOWHERE);
    },
    onFail: (why) => done(why === "refused" ? REFUSED : NOT_FOUND),
  });
}

/** The page that was kept answers for every search without network: look in the guide kept with it. */
async function answerOffline() {
  const guide = await readGuide();
  if (!guide) return say(NO_PACK);
  const wanted = wantedHere();
  const found = search(guide, wanted);
  page.querySelector("#q").value = wanted.words;
  document.querySelector(".flashes")?.remove(); // what was said on the day it was kept
  answers = found;
  show(found);
  const why = navigator.onLine ? "Réseau absent ou trop lent" : "Sans réseau";
  say(
    found.length
      ? `${why} : voici le guide gardé sur ce téléphone. Vérifiez les horaires par téléphone.`
      : `${why} : rien ne répond à « ${wanted.words} » dans le guide gardé sur ce téléphone.`,
  );
}

/** Whether this page was made for another address: then it is the one that the phone keeps. */
function isForAnother() {
  const made = new URLSearchParams(page.dataset.asked);
  const asked = new URLSearchParams(location.search);
  return [...Object.values(NAMES), "ouvert", "page"].some(
    (name) => (made.get(name) ?? "") !== (asked.get(name) ?? ""),
  );
}

/** Whether this page was made a while ago, by the site's clock where it can be asked. */
async function isOld() {
  const made = Number(page.dataset.at) * 1000;
  if (Date.now() - made <= FRESH_MS) return false;
  try {
    const answer = await fetch("/healthz", { cache: "no-store" });
    return Date.parse(answer.headers.get("Date")) - made > FRESH_MS;
  } catch {
    return true;
  }
}

if (navigator.geolocation) {
  near.hidden = false;
  near.addEventListener("click", sortByDistance);
}
if (!navigator.onLine || isForAnother() || (await isOld())) answerOffline();
