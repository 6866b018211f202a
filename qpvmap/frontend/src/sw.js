// The service worker of the site, served as /sw.js. Each thing it does is a module of its own. A new
// one waits until somebody asks for it: it never takes a page over while a form is being filled.
import { activate, answer, install, keepForWhoIsHere, keepVisited, learn } from "./sw-cache.js";
import { listenToPush } from "./sw-push.js";
import { listenToSync } from "./sw-sync.js";

const MESSAGES = {
  "take-over": () => self.skipWaiting(),
  person: ({ person }) => learn(person),
  here: () => keepForWhoIsHere(),
  keep: ({ path }) => keepVisited(path),
};

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate(self)));
self.addEventListener("fetch", answer);
self.addEventListener("message", (event) => {
  event.waitUntil(Promise.resolve(MESSAGES[event.data?.type]?.(event.data)));
});

listenToPush(self);
listenToSync(self);
