// What every page needs. Without it, every page still works.
import { watchOutbox } from "./outbox-watch.js";
import { startWorker } from "./update.js";

function focusErrors() {
  const summary = document.querySelector("[data-focus]");
  if (!summary) return;
  summary.focus({ preventScroll: true });
  summary.scrollIntoView({ block: "center" });
}

/** A menu made of `details` closes on Esc, giving the focus back, and on a press elsewhere. */
function closeMenus() {
  const menus = document.querySelectorAll("details.more");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus) {
      if (!menu.open) continue;
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  document.addEventListener("click", (event) => {
    for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
  });
}

document.documentElement.classList.add("has-js");
focusErrors();
closeMenus();
watchOutbox();
startWorker();
