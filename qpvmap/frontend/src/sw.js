// The service worker of the site, served as /sw.js. Each thing it does is a module of its own.
import { listenToPush } from "./sw-push.js";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

listenToPush(self);
