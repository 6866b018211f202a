// The service worker: registered once the page is shown, told who is here, and changed when asked to.

let told = null;
const notice = document.getElementById("nouvelle-version");

/** Say that a new version is ready; it takes over on a press, not while a form is being filled. */
function offer(waiting) {
  if (!notice || !navigator.serviceWorker.controller) return;
  notice.hidden = false;
  notice.querySelector("button").addEventListener("click", () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => window.location.reload());
    waiting.postMessage({ type: "take-over" });
  });
}

function follow(registration) {
  if (registration.waiting) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const coming = registration.installing;
    coming?.addEventListener("statechange", () => {
      if (coming.state === "installed") offer(coming);
    });
  });
}

/** Say who this page was made for; one that was kept knows nothing new. */
function sayWhoIsHere(worker) {
  const { person, kept } = document.body.dataset;
  if (kept === undefined) worker?.postMessage({ type: "person", person });
}

async function register() {
  try {
    const registration = await navigator.serviceWorker.register("/sw.js", { scope: "/" });
    follow(registration);
    registration.update().catch(() => {}); // a page may stay open for days
    const { active } = await navigator.serviceWorker.ready;
    if (active !== told) sayWhoIsHere(active);
    active.postMessage({ type: "here" });
  } catch {
    // Refused by the browser, or no network on a first visit: pages work without it.
  }
}

export function startWorker() {
  if (!("serviceWorker" in navigator)) return;
  told = navigator.serviceWorker.controller; // at once: the network may be gone before the page is whole
  sayWhoIsHere(told);
  if (document.readyState === "complete") register();
  else window.addEventListener("load", register, { once: true });
}
