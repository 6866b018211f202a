// What the service worker does with a message: show a few words, lead to a page of this site.

const FALLBACK = { title: "Carte du quartier", body: "Du nouveau pour vous.", url: "/", tag: "" };

/** Return what was sent, or plain words when it cannot be read: a push must always show something. */
function read(data) {
  try {
    return { ...FALLBACK, ...data.json() };
  } catch {
    return FALLBACK;
  }
}

/** Return the page to open: one of this site, whatever the message says. */
export function ownPage(url, origin) {
  const page = new URL(url, origin);
  return page.origin === origin ? page.href : `${origin}/`;
}

export function listenToPush(worker) {
  worker.addEventListener("push", (event) => {
    const { title, body, url, tag } = read(event.data);
    const page = ownPage(url, worker.location.origin);
    event.waitUntil(
      worker.registration.showNotification(title, {
        body,
        tag,
        renotify: Boolean(tag),
        lang: "fr",
        data: { page },
      }),
    );
  });

  worker.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(open(worker, event.notification.data.page));
  });
}

/** Bring forward a window that shows the page already, else open one. */
async function open(worker, page) {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const same = windows.find((window) => window.url === page);
  return same ? same.focus() : worker.clients.openWindow(page);
}
