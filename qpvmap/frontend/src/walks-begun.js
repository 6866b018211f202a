// The walks that this phone began without network, as links.
import { allRecords, SENT } from "./outbox-store.js";
import { isMine } from "./outbox-watch.js";

const NEW_WALK = "walk-new";

/* One that follows another has the stops of that one: it is walked once the site has it. */
const isWalkable = ({ state, walk }) => state === SENT || !walk?.follows;

/** Fill the list in `box`, and show it if there are some: those that the site has not, or all. */
export async function listWalksBegun(box, { all = false } = {}) {
  const begun = (await allRecords()).filter(
    (one) => one.kind === NEW_WALK && isMine(one) && isWalkable(one) && (all || one.state !== SENT),
  );
  const links = begun.map(({ id, label, answer }) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    const href = answer?.href ?? `/parcours/marches/sur-place?marche=${id}`;
    Object.assign(link, { href, textContent: label, className: "btn btn-field btn-block" });
    item.append(link);
    return item;
  });
  box.querySelector("ul").replaceChildren(...links);
  box.hidden = !links.length && !all;
}
