// The service worker: registered once the page is shown, told who is here, and changed when asked to.

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

async function register() {
  try {
    const registration = await navigator.serviceWorker.register("/sw.js", { scope: "/" });
    follow(registration);
    registration.update().catch(() => {}); // a page may stay open for days
    const { active } = await navigator.serviceWorker.ready;
    active.postMessage({ type: "here", person: document.body.dataset.person });
  } catch {
    // Refused by the browser, or no network on a first visit: pages work without it.
  }
}

export function startWorker() {
  if (!("serviceWorker" in navigator)) return;
  if (document.readyState === "complete") register();
  else window.addEventListener("load", register, { once: true });
}
