// What the site keeps to open without network: the files of one build, and the pages that say they may
// be kept, for one person. Nothing that is sent, nothing of /api, nobody else's page.
import { note, setNote } from "./outbox-store.js";

/* global BUILD: {files, version}, put here by build.mjs */
const FILES = `qpvmap-files-${BUILD.version}`;
const PAGES = `qpvmap-pages-${BUILD.version}`;
const OURS = /^qpvmap-(files|pages)-/;
/* Kept before they are opened; others that say they may be kept are, once they were opened. */
const KEPT_PAGES = ["/signaler", "/envois", "/hors-ligne", "/guide"];
/* The quarter, and the guide: the same for everybody. */
const PACKS = ["/signaler/paquet.json", "/guide/paquet.json"];
const GROUND = "/carte/couches/";
const OFFLINE_PAGE = "/hors-ligne";
const SESSION_PATHS = /^\/(connexion|deconnexion)(\/|$)/;
const PATIENCE_MS = 3000;
const PERSON = "pages-of";

/* One at a time: somebody may sign in while the pages of nobody are being kept. */
let last = Promise.resolve();
const inTurn = (work) => {
  last = last.then(work, work);
  return last;
};

const distFile = (name) => `/static/dist/${name}`;

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

async function keepPages() {
  for (const path of [...KEPT_PAGES, ...PACKS]) {
    const response = await fetch(path, { cache: "no-cache" });
    if (!response.ok || response.redirected) throw new Error(`${path}: ${response.status}`);
    await (PACKS.includes(path) ? keepPack(path, response) : keepPage(path, response));
  }
}

/** Keep a page that asks for it, such as a walk that is about to set out. */
export async function keepVisited(path) {
  if (!/^\/(?!\/)/.test(path)) return; // another site's is nothing to us
  const response = await fetch(path, { cache: "no-cache" }).catch(() => null);
  if (response?.ok && !response.redirected) await inTurn(() => keepPage(path, response));
}

/** Forget the pages of whoever was here before `person`, and fetch the new one's. */
export function keepFor(person) {
  return inTurn(async () => {
    const kept = await caches.open(PAGES);
    const found = await Promise.all([...KEPT_PAGES, ...PACKS].map((path) => kept.match(path)));
    const same = (await note(PERSON)) === person;
    if (same && found.every(Boolean)) return;
    if (!same) await forgetPages();
    await keepPages().catch(() => {}); // without network, at the next page
  });
}

async function forgetPages() {
  await caches.delete(PAGES);
  await setNote(PERSON, null);
}

/* Keeping */

/** Keep a page that says it may be, under its person alone. */
async function keepPage(path, response) {
  const person = response.headers.get("Qpvmap-Person");
  if (response.headers.get("Qpvmap-Offline") !== "keep" || person === null) return;
  if ((await note(PERSON)) !== person) {
    await forgetPages();
    await setNote(PERSON, person);
  }
  await keepDrawings(response.clone());
  await (await caches.open(PAGES)).put(path, response);
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
    if (SESSION_PATHS.test(url.pathname)) event.waitUntil(inTurn(forgetPages));
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

/** The network first; what was kept when it fails, or is slow. */
async function page(event, url) {
  const kept = await (await caches.open(PAGES)).match(url.pathname);
  const asked = fromNetwork(event, url);
  event.waitUntil(asked.catch(() => {}));
  try {
    if (!kept) return await asked;
    return (await Promise.race([asked, after(PATIENCE_MS)])) ?? kept;
  } catch {
    return kept ?? (await offlinePage());
  }
}

async function fromNetwork(event, url) {
  const response = (await event.preloadResponse) || (await fetch(event.request));
  const isPlain = [...url.searchParams.keys()].every((name) => name === "depuis");
  if (response.status === 200 && isPlain) {
    const copy = response.clone();
    event.waitUntil(inTurn(() => keepPage(url.pathname, copy)).catch(() => {}));
  }
  return response;
}

const after = (ms) => new Promise((resolve) => setTimeout(() => resolve(null), ms));

async function offlinePage() {
  return (await (await caches.open(PAGES)).match(OFFLINE_PAGE)) ?? Response.error();
}

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
