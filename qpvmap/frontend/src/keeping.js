// When this phone cannot keep what is written: it is said in plain words, the page asks before it is
// left, and a form goes as it is, but only to a site that answers. Nothing typed leaves the page else.
import { whoIsHere } from "./outbox-send.js";
import { whyNotKept } from "./outbox-store.js";

const notice = () => document.getElementById("rien-garde");

const askBeforeLeaving = (event) => event.preventDefault();

function show(name) {
  const box = notice();
  const words = name ? box.dataset[`w${name[0].toUpperCase()}${name.slice(1)}`] : "";
  const said = box.querySelector("span");
  if (said.textContent !== words) said.textContent = words; // said aloud once, not at each key
  box.hidden = !words;
}

/** Say why nothing is kept; what is typed from now on is in this page alone. */
export function tellNotKept(error) {
  show(whyNotKept(error));
  window.addEventListener("beforeunload", askBeforeLeaving);
}

/** It is kept again, or gone. */
export function tellKept() {
  show("");
  window.removeEventListener("beforeunload", askBeforeLeaving);
}

/** Have the browser send a form by itself if the site answers; whether it does. */
export async function submitNow(form) {
  const here = await whoIsHere();
  if (!here) {
    show("stranded");
    notice().scrollIntoView({ block: "nearest" });
    return false;
  }
  tellKept();
  if (form.elements.csrf_token) form.elements.csrf_token.value = here.csrf_token;
  form.submit();
  return true;
}
