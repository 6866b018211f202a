// Who is here, as the site last said it: whose pages may be shown without network, and whose a record
// made on a page of nobody is. A page kept for somebody is never shown to anybody else.
import { note, setNote } from "./outbox-store.js";

const HERE = "here";
export const NOBODY = "";

/* What was told is written in the order of telling, and read once it is written. */
let told = Promise.resolve();
const inOrder = (work) => {
  told = told.then(work, work);
  return told;
};
const read = () => note(HERE).catch(() => undefined); // nothing is kept in this browser

/**
 * `{person, name}`; person is "" without an account, null while somebody signs in or out and the site
 * has not said yet how that ended. Undefined on a phone that was never told.
 */
export const whoIsHere = () => told.then(read, read);

/* Counts signing in and out: an answer that was asked for before says nothing of who is here after. */
let era = 0;
export const eraNow = () => era;

/** Somebody signs in or out: until the site says how it ended, nobody's pages alone are shown. */
export function somebodyMoves() {
  era += 1;
  return inOrder(() => setNote(HERE, { person: null, name: "" }));
}

/** The site said who is here. Resolves to whether it is somebody else than before. */
export function isHere(person, name = "") {
  return inOrder(async () => {
    const before = await read();
    const same = before?.person === person;
    if (!same || (name && before.name !== name)) await setNote(HERE, { person, name });
    return !same;
  });
}

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text) => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign]);

/**
 * A page of nobody as it is handed to who is here: what is written on it is theirs, and it says so. Only
 * a kept one is: it tells the site nothing, and `data-kept` says that it is one.
 */
export async function handedTo(here, kept) {
  const isNobodys = kept.headers.get("Qpvmap-Person") === NOBODY;
  let html = (await kept.text()).replace("<body ", "<body data-kept ");
  if (isNobodys && here?.person) {
    html = html
      .replace('data-person=""', `data-person="${escaped(here.person)}"`)
      .replace('id="a-votre-nom" role="status" hidden', 'id="a-votre-nom" role="status"')
      .replace("{personne}", () => (here.name ? `\u00a0: ${escaped(here.name)}` : ""));
  }
  if (here?.person === null)
    html = html.replace('id="sans-nom" role="status" hidden', 'id="sans-nom" role="status"');
  const headers = new Headers(kept.headers);
  for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name);
  return new Response(html, { status: kept.status, headers });
}
