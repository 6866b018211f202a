// The mediator's pages: a round, solicitations, actions. All work without this; with it they also work
// without network, and the phone proposes the sector. Of a position nothing is kept nor sent.
import { startAction } from "./presence-action.js";
import { startRounds } from "./presence-round.js";
import { startSolicitations } from "./presence-solicit.js";
import { listWalksBegun } from "./walks-begun.js";

/** Have this page, and those that are needed on the way, kept before the network goes. */
async function keepPages(links) {
  const registration = await navigator.serviceWorker?.ready;
  const more = links.flatMap(({ pathname, dataset }) => [pathname, dataset.keep]).filter(Boolean);
  for (const path of [window.location.pathname, ...more]) {
    registration?.active?.postMessage({ type: "keep", path });
  }
}

const rounds = document.querySelector("[data-rounds]");
const solicitation = document.querySelector("form[data-note=solicitation]");
const action = document.querySelector("form[data-note=action]");
if (rounds) {
  startRounds(rounds);
}
keepPages([...document.querySelectorAll("a[data-keep]")]);
if (solicitation) startSolicitations(solicitation);
if (action) startAction(action);
const begun = document.querySelector("[data-walks-begun]");
if (begun) listWalksBegun(begun).catch(() => {}); // a browser that keeps nothing
