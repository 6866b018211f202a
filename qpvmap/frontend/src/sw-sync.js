// Sending what waits once the network is back, even with every page closed (Background Sync).
import { sendAll } from "./outbox-send.js";

export const TAG = "envois";

export function listenToSync(worker) {
  worker.addEventListener("sync", (event) => {
    if (event.tag === TAG) event.waitUntil(send());
  });
}

/**
 * After a page that is sending, which may be closed before it is done. Fail when something is still to
 * be tried: the browser then asks again by itself, later.
 */
async function send() {
  const { offline, postponed } = await sendAll({ hurry: true, after: true });
  if (offline || postponed) throw new Error("not all of it was taken yet");
}
