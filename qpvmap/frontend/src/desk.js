// The rows of the inbox, as its modules share them: which there are, which one has the focus, what
// is said of them.

const TOAST_MS = 6000;
const TOAST_WITH_ACTION_MS = 20_000;

export const rows = () => [...document.querySelectorAll("[data-rows] [data-reference]")];
export const rowOf = (reference) => rows().find((row) => row.dataset.reference === reference);
export const link = (row) => row.querySelector("h2 a");
export const box = (row) => row.querySelector("input[name=choix]");
export const versionOf = (row) => Number(box(row).value.split("~").at(-1));
export const focused = () =>
  document.activeElement?.closest("[data-rows] [data-reference]") ?? null;

/** `{n} choisis` with its number, or the words for one. */
export function counted({ dataset }, name, count) {
  const words = count === 1 ? dataset[`${name}One`] : dataset[`${name}Many`];
  return words.replace("{n}", count.toLocaleString("fr-FR"));
}

/** Tell those who do not see the page. */
export function say(words) {
  const region = document.querySelector("[data-said]");
  if (region) region.textContent = words;
}

/** Write how a row stands now, in the words of the server. */
export function redraw(row, cells) {
  for (const name of ["state", "due"]) {
    const cell = row.querySelector(`[data-cell="${name}"]`);
    if (cell.innerHTML.trim() !== cells[name]) cell.innerHTML = cells[name];
  }
  box(row).value = `${row.dataset.reference}~${cells.version}`;
  row.classList.toggle("is-gone", !cells.here);
}

/**
 * Say what was done, for six seconds, or for as long as one is on it. Never an error.
 * `action` is a button to go with it: such a note stays longer.
 */
export function toast(words, action) {
  document.querySelector(".toast")?.remove();
  const note = document.createElement("div");
  note.className = "toast no-print";
  note.append(words);
  if (action) note.append(action);
  document.body.append(note);
  const leave = () => setTimeout(() => note.remove(), action ? TOAST_WITH_ACTION_MS : TOAST_MS);
  let timer = leave();
  for (const event of ["pointerenter", "focusin"])
    note.addEventListener(event, () => clearTimeout(timer));
  for (const event of ["pointerleave", "focusout"])
    note.addEventListener(event, () => {
      clearTimeout(timer);
      timer = leave();
    });
  say(words);
}
