// Sending what waits once the network is back, even with every page closed (Background Sync).
import { sendAll } from "./outbox-send.js";

export const TAG = "envois";

export function listenToSync(worker) {
  worker.addEventListener("sync", (event) => {
    if (event.tag === TAG) event.waitUntil(send());
  });
}

/** Fail when something is still to be tried: the browser then asks again by itself, later. */
async function send() {
  const said = await sendAll({ hurry: true });
  if (said?.offline) throw new Error("no answer yet");
}
