// Keys of one letter: never inside a field, never with Ctrl, Alt or Meta, never behind a dialog.
// They can be turned off in the account; whoever calls this has looked.
import { box, focused, link, rows } from "./desk.js";

const FIELDS =
  "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button])";

/** Call `actions[key]` when the key is pressed and nobody is writing. */
export function onKeys(actions) {
  document.addEventListener("keydown", (event) => {
    const action = actions[event.key];
    if (!action || event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.(FIELDS) || document.querySelector("dialog[open]")) return;
    if (action(event) !== false) event.preventDefault();
  });
}

let last = -1;

/** Give the focus to the next row, or the one before; to the first when none has had it. */
function step(by) {
  const list = rows();
  const at = focused() ? list.indexOf(focused()) : last;
  const next = list[Math.min(Math.max(at + by, 0), list.length - 1)];
  if (!next) return false;
  last = list.indexOf(next);
  link(next).focus();
  return true;
}

function search() {
  const field = document.querySelector("#q");
  const folded = field?.closest("details:not([open])");
  if (folded) folded.open = true;
  field?.focus();
  field?.select();
}

function tick() {
  const row = focused();
  if (!row) return false;
  box(row).click();
  return true;
}

/** Go to the offer to take back what was just done, if the page makes it. */
function toUndo() {
  const button = document.querySelector("[data-undo] button");
  button?.focus();
  return Boolean(button);
}

/** The keys of the inbox: walking, choosing, acting, searching, help. */
export function inboxKeys(bulk, help) {
  const once = (act) => (event) => (event.repeat ? undefined : act());
  onKeys({
    j: () => step(1),
    k: () => step(-1),
    x: once(tick),
    a: once(() => bulk.act("prendre")),
    p: once(() => bulk.act("planifier")),
    r: once(() => bulk.act("resoudre")),
    z: once(() => (bulk.last || !toUndo() ? bulk.undo() : undefined)),
    "/": once(search),
    "?": once(help),
    Escape: () => (bulk.chosen().length ? bulk.clear() : false),
  });
}

/** The keys of one signalement: each brings to its form, where one says the rest. */
export function detailKeys() {
  const to = (status) => () => goTo(status);
  onKeys({ a: to("acknowledged"), p: to("scheduled"), r: to("resolved"), z: toUndo });
}

function goTo(status) {
  const button = document.querySelector(`main button[name=to][value="${status}"]:not([form])`);
  if (!button) return false;
  for (
    let around = button.closest("details");
    around;
    around = around.parentElement.closest("details")
  )
    around.open = true;
  const [field] = [...button.form.elements].filter(
    (one) =>
      one.matches(FIELDS) &&
      one.type !== "hidden" &&
      !one.closest("[data-ready]") &&
      one.checkVisibility(),
  );
  const asks =
    button.form.querySelectorAll("button[name=to]").length === 1 || status === "resolved";
  (asks && field ? field : button).focus();
  return true;
}

/** Show the keys; the focus goes to the heading, and back when it closes. */
export function keysHelp() {
  const dialog = document.querySelector("[data-keys-dialog]");
  const button = document.querySelector("[data-keys-help]");
  if (!dialog) return () => false;
  const open = () => {
    dialog.showModal();
    dialog.querySelector("h2").focus();
  };
  button?.addEventListener("click", open);
  return open;
}
