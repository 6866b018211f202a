// One signalement left open on the screen: its keys, and a word when somebody else changes it.
import { Poll } from "./fresh.js";
import { detailKeys } from "./keys.js";

const KEPT = "qpvmap-typed";
const TYPED =
  "main :is(textarea, select, input:not([type=hidden], [type=file], [type=checkbox]))[id]";

/** Read the page again with all that was typed; the version sent with it is the new one. */
function readAgain() {
  const typed = [...document.querySelectorAll(TYPED)]
    .filter((field) => field.value !== field.defaultValue && !field.closest("[role=search]"))
    .map((field) => [field.id, field.value]);
  sessionStorage.setItem(KEPT, JSON.stringify({ path: location.pathname, typed }));
  location.reload();
}

function restore() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  sessionStorage.removeItem(KEPT);
  if (kept?.path !== location.pathname) return;
  for (const [id, value] of kept.typed) {
    const field = document.getElementById(id);
    if (!field || !value) continue;
    field.value = value;
    for (let around = field.closest("details"); around; ) {
      around.open = true;
      around = around.parentElement.closest("details");
    }
  }
}

restore();
const place = document.querySelector("[data-follow]");
if (place) {
  const note = place.querySelector("[data-follow-note]");
  place.querySelector("button").addEventListener("click", readAgain);
  new Poll({
    address: () => place.dataset.href,
    validator: `v${place.dataset.version}`,
    told: () => {
      note.hidden = false;
      place.querySelector("[data-follow-said]").textContent = note.dataset.words;
    },
  });
  if (place.dataset.keys !== undefined) detailKeys();
}
