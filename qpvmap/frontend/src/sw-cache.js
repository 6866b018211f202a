// What the site keeps to open without network: the files of one build, and the pages that say they may
// be kept: those of who is here under their name, and nobody's, which are shown until those came.
// Nothing that is sent, nothing of /api, nobody else's page.
import { identity } from "./outbox-send.js";
import { eraNow, handedTo, isHere, NOBODY, somebodyMoves, whoIsHere } from "./sw-here.js";

/* global BUILD: {files, version}, put here by build.mjs */
const FILES = `qpvmap-files-${BUILD.version}`;
const PAGES = `qpvmap-pages-${BUILD.version}`;
const OURS = /^qpvmap-(files|pages)-/;
/* Kept before they are opened; others that say they may be kept are, once they were opened. */
const KEPT_PAGES = ["/signaler", "/envois", "/hors-ligne", "/guide"];
/* The quarter, and the guide: the same for everybody. */
const PACKS = ["/signaler/paquet.json", "/guide/paquet.json"];
/* What is noted on foot, for those who do: refused to the others. */
const ON_FOOT = [
  "/parcours",
  "/parcours/sollicitations",
  "/parcours/actions/nouvelle",
  "/parcours/marches/nouvelle",
  "/parcours/marches/sur-place",
];
const GROUND = "/carte/couches/";
const OFFLINE_PAGE = "/hors-ligne";
const SESSION_PATHS = /^\/(connexion|deconnexion)(\/|$)/;
const PATIENCE_MS = 3000;
const OF = "personne";

/* One at a time: somebody may sign in while the pages of nobody are being kept. */
let last = Promise.resolve();
const inTurn = (work) => {
  last = last.then(work, work);
  return last;
};

const distFile = (name) => `/static/dist/${name}`;

/** Where the page of a person is kept; nobody's is under its own address. */
const keyOf = (path, person) => (person ? `${path}?${OF}=${encodeURIComponent(person)}` : path);

/* Installing and taking over */

/** Keep the files of this build (those that an earlier one has are not fetched again), and the pages. */
export async function install() {
  const files = await caches.open(FILES);
  await Promise.all(BUILD.files.map((name) => keepFile(files, distFile(name))));
  await inTurn(keepPages);
}

async function keepFile(files, url) {
  const known = await caches.match(url);
  if (known) return files.put(url, known);
  return files.add(url);
}

export async function activate(worker) {
  const old = (await caches.keys()).filter(
    (name) => OURS.test(name) && name !== FILES && name !== PAGES,
  );
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.registration.navigationPreload?.enable();
  await worker.clients.claim();
}

/** Keep nobody's pages, those of who is here, and the packs; fail when one does not come. */
async function keepPages() {
  const { person } = (await whoIsHere()) ?? {};
  for (const path of KEPT_PAGES) {
    await fetchPage(path, { credentials: "omit" });
    if (person) await fetchPage(path);
  }
  for (const path of PACKS) await keepPack(path, await fetched(path));
  if (!person) return;
  await keepOnFoot().catch(() => {}); // somebody who reads no walks
  await keepAgain(person);
}

async function keepOnFoot() {
  const [home, ...others] = ON_FOOT;
  await fetchPage(home);
  for (const path of others) await fetchPage(path).catch(() => {});
}

async function fetched(path, options = {}) {
  const response = await fetch(path, { cache: "no-cache", ...options });
  if (!response.ok || response.redirected) throw new Error(`${path}: ${response.status}`);
  return response;
}

const fetchPage = async (path, options) => keepPage(path, await fetched(path, options));

/** What a person opened under an earlier version, such as a walk: it opens under this one as well. */
async function keepAgain(person) {
  const now = await caches.open(PAGES);
  for (const name of (await caches.keys()).filter((one) => OURS.test(one) && one !== PAGES)) {
    for (const { url } of await (await caches.open(name)).keys()) {
      const { pathname, searchParams } = new URL(url);
      const isTheirs = searchParams.get(OF) === person;
      if (!isTheirs || (await now.match(keyOf(pathname, person)))) continue;
      await fetchPage(pathname).catch(() => {}); // a walk that is over has no such page any more
    }
  }
}

/** Keep a page that asks for it, such as a walk that is about to set out. */
export async function keepVisited(path) {
  if (!/^\/(?!\/)/.test(path)) return; // another site's is nothing to us
  const era = eraNow();
  const response = await fetched(path).catch(() => null);
  if (response) await takeNote(new URL(path, self.location), response, era);
}

/** A page of the site says who is here: pages of whoever was before are forgotten. */
export async function learn(person) {
  if (!(await isHere(person))) return;
  await inTurn(() => forgetPages(person));
  if (person) await learnName(person);
}

async function learnName(person) {
  const said = await identity();
  if (said?.person === person && (await whoIsHere())?.person === person) {
    await isHere(person, said.name);
  }
}

/** Fetch what is not kept yet for who is here. */
export function keepForWhoIsHere() {
  return inTurn(async () => {
    const { person } = (await whoIsHere()) ?? {};
    const pages = await caches.open(PAGES);
    const wanted = KEPT_PAGES.flatMap((path) => [path, keyOf(path, person)]);
    const found = await Promise.all([...wanted, ...PACKS].map((path) => pages.match(path)));
    if (!found.every(Boolean)) await keepPages().catch(() => {}); // without network, at the next page
  });
}

/** Forget every page that is somebody's, but for those of `person`. */
async function forgetPages(person = null) {
  for (const name of (await caches.keys()).filter((one) => OURS.test(one))) {
    const pages = await caches.open(name);
    for (const request of await pages.keys()) {
      const owner = new URL(request.url).searchParams.get(OF);
      if (owner !== null && owner !== person) await pages.delete(request);
    }
  }
}

/* Keeping */

/** Keep a page that says it may be, under its person alone, who is still here. */
async function keepPage(path, response) {
  const person = response.headers.get("Qpvmap-Person");
  if (response.headers.get("Qpvmap-Offline") !== "keep" || person === null) return;
  if (person !== NOBODY && person !== (await whoIsHere())?.person) return;
  await keepDrawings(response.clone());
  await (await caches.open(PAGES)).put(keyOf(path, person), response);
}

/** Keep what a page shows besides the files of the build: the icons, under the version it names. */
async function keepDrawings(response) {
  const files = await caches.open(FILES);
  const found = (await response.text()).matchAll(/(?:href|src)="(\/static\/[^"#]+)/g);
  const urls = new Set([...found].map(([, url]) => url.replaceAll("&amp;", "&")));
  for (const url of urls) if (!(await caches.match(url))) await files.add(url).catch(() => {});
}

async function keepPack(path, response) {
  await (await caches.open(PAGES)).put(path, response);
}

/* Answering */

export function answer(event) {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method !== "GET") {
    // Somebody signs in or out: what was kept is not for the next one to open.
    if (SESSION_PATHS.test(url.pathname)) event.waitUntil(leave());
    return;
  }
  if (url.pathname.startsWith("/static/")) event.respondWith(file(request));
  else if (request.mode === "navigate") event.respondWith(page(event, url));
  else if (PACKS.includes(url.pathname)) event.respondWith(pack(event, url.pathname));
  else if (url.pathname.startsWith(GROUND)) event.respondWith(ground(request));
}

async function file(request) {
  const known = await caches.match(request);
  if (known) return known;
  const response = await fetch(request);
  const isLasting = response.headers.get("Cache-Control")?.includes("immutable");
  if (response.ok && response.status === 200 && isLasting) {
    const copy = response.clone();
    caches.open(FILES).then((files) => files.put(request, copy).catch(() => {}));
  }
  return response;
}

async function leave() {
  await somebodyMoves();
  await inTurn(() => forgetPages());
}

/** The network first; what was kept when it fails, or is slow. */
async function page(event, url) {
  const asked = fromNetwork(event, url);
  const kept = keptPage(url.pathname).catch(() => null);
  event.waitUntil(asked.catch(() => {}));
  try {
    return await Promise.race([asked, after(PATIENCE_MS).then(async () => (await kept) ?? asked)]);
  } catch {
    return (await kept) ?? (await keptPage(OFFLINE_PAGE)) ?? Response.error();
  }
}

/** The page of who is here, else nobody's under their name; null when neither is kept. */
async function keptPage(path) {
  const here = await whoIsHere();
  const pages = await caches.open(PAGES);
  const own = here?.person && (await pages.match(keyOf(path, here.person)));
  const found = own || (await pages.match(path));
  return found ? handedTo(here, found) : null;
}

async function fromNetwork(event, url) {
  const era = eraNow();
  const response = (await event.preloadResponse) || (await fetch(event.request));
  if (response.status === 200)
    event.waitUntil(takeNote(url, response.clone(), era).catch(() => {}));
  return response;
}

/** Learn from a page that says whose it is, and keep it if it says that it may be. */
async function takeNote({ pathname, searchParams }, response, era) {
  const person = response.headers.get("Qpvmap-Person");
  if (person === null) return;
  if (era === eraNow()) await learn(person);
  const isPlain = [...searchParams.keys()].every((name) => name === "depuis");
  if (isPlain) await inTurn(() => keepPage(pathname, response));
}

const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms, null));

/** The ground of maps, which anybody may see: what was drawn once is drawn without network too. */
async function ground(request) {
  const pages = await caches.open(PAGES);
  try {
    const response = await fetch(request);
    if (response.ok) await pages.put(request, response.clone());
    return response;
  } catch {
    return (await pages.match(request)) ?? Response.error();
  }
}

/** A pack as it was kept, at once, while a newer one is fetched for the next time. */
async function pack(event, path) {
  const kept = await (await caches.open(PAGES)).match(path);
  const asked = fetch(event.request).then(async (response) => {
    if (response.ok) await keepPack(path, response.clone());
    return response;
  });
  event.waitUntil(asked.catch(() => {}));
  return kept ?? asked;
}
