// A work that a job does: its page is asked again every few seconds, and what it says of the work
// replaces what was there; when the work is over, stops or goes on, the page itself is taken again.
// A work that waits to be tried again ("attend") is looked at seldom.
const EVERY_MS = 2_000;
const SLOWEST_MS = 30_000;
const CHOSEN = "[data-progress]";

const every = document.querySelector(CHOSEN)?.dataset.progress === "attend" ? SLOWEST_MS : EVERY_MS;
let wait = every;

async function ask() {
  const shown = document.querySelector(CHOSEN);
  if (document.hidden || !shown) return later();
  try {
    const answer = await fetch(location.href, { cache: "no-store", redirect: "manual" });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.querySelector(CHOSEN);
    if (next?.dataset.progress !== shown.dataset.progress) return location.reload();
    redraw(shown, next);
    wait = every;
  } catch {
    wait = Math.min(wait * 2, SLOWEST_MS);
  }
  later();
}

/** Change only what differs: a sentence that stays is not read out again. */
function redraw(shown, next) {
  for (const part of next.querySelectorAll("[data-part]")) {
    const old = shown.querySelector(`[data-part="${part.dataset.part}"]`);
    if (old && old.innerHTML !== part.innerHTML) old.replaceChildren(...part.childNodes);
  }
}

function later() {
  setTimeout(ask, wait);
}

later();
