// A walk that this phone began without network: what its form said is put into the page of a walk that
// is kept here, and walked from there before the site knows it.
import { allRecords, DRAFT, READY, recordOf, SENT, STUCK, watch } from "./outbox-store.js";
import { isMine } from "./outbox-watch.js";
import { listWalksBegun } from "./walks-begun.js";

const ANY = "00000000-0000-4000-8000-000000000000";
const LONG = { weekday: "long", day: "numeric", month: "long" };

const page = document.querySelector("[data-coming]");
const part = (name) => document.querySelector(`[data-coming-${name}]`);

/** The page, and what it makes stops from: a template is a document of its own. */
const roots = () => [page, ...[...document.querySelectorAll("template")].map((one) => one.content)];

/** Have the addresses of the page name this walk. */
function name(id) {
  page.dataset.walk = id;
  for (const root of roots()) {
    for (const element of root.querySelectorAll("[action], [data-url]")) {
      for (const attribute of ["action", "data-url"]) {
        const value = element.getAttribute(attribute);
        if (value) element.setAttribute(attribute, value.replace(ANY, id));
      }
    }
  }
}

/** Have each stop ask what the theme looks at, in its order. */
function lookAt(items) {
  for (const root of roots()) {
    const all = [...root.querySelectorAll("[data-item]")];
    if (!all.length) continue;
    const before = all[0].previousElementSibling;
    const wanted = items.map((code) => all.find(({ dataset }) => dataset.item === code));
    for (const one of all) one.remove();
    before.after(...wanted.filter(Boolean));
  }
}

function tell({ title, day, starts_at: at }, theme) {
  const words = [new Date(`${day}T12:00`).toLocaleDateString("fr-FR", LONG), at, theme.name];
  part("title").textContent = title;
  part("who").textContent = words.filter(Boolean).join(" · ");
  document.title = document.title.replace(/^[^·]*/, () => `${title} `);
}

/** What was said of a walk, in the outbox: the walk itself apart. */
async function saidOf(id) {
  return (await allRecords()).filter(
    ({ url, state }) => url.includes(`/${id}/`) && [READY, STUCK, DRAFT].includes(state),
  );
}

/** Once the site has it, its own page says all of it: go there, or say so while something is typed. */
async function lookIfArrived(id, { first }) {
  const record = await recordOf(id);
  if (record?.state !== SENT || !navigator.onLine || (await saidOf(id)).length) return false;
  if (first) window.location.replace(record.answer.href);
  const box = part("arrived");
  box.querySelector("a").href = record.answer.href;
  box.hidden = false;
  return first;
}

/** Without a walk in the address: those that this phone holds. */
async function listThem() {
  await listWalksBegun(part("list"), { all: true });
  page.querySelector("[data-coming-walk]").hidden = true;
}

async function open() {
  const id = new URLSearchParams(window.location.search).get("marche");
  const record = id && (await recordOf(id).catch(() => null));
  const theme = JSON.parse(page.dataset.coming)[record?.walk?.theme];
  // One that follows another has the stops of that one, which are on the site.
  if (!theme || record.walk.follows || !isMine(record)) return listThem();
  if (await lookIfArrived(id, { first: true })) return;
  name(id);
  lookAt(theme.items);
  tell(record.walk, theme);
  await import("./walk.js");
  watch(() => lookIfArrived(id, { first: false }).catch(() => {}));
}

if (page && "indexedDB" in globalThis) open();
