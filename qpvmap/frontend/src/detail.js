// The page of a signalement: ready-made answers, long texts folded, the next action under the thumb.
import "./replies.js";
import "./undo.js";

const SLACK_PX = 24;

/** A long text shows its first lines; on paper and without a script it is whole. */
function fold(text) {
  text.classList.add("is-folded");
  if (text.scrollHeight <= text.clientHeight + SLACK_PX) {
    text.classList.remove("is-folded");
    return;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-quiet fold-button no-print";
  button.setAttribute("aria-expanded", "false");
  button.textContent = text.dataset.wMore;
  button.addEventListener("click", () => {
    const folded = text.classList.toggle("is-folded");
    button.setAttribute("aria-expanded", String(!folded));
    button.textContent = folded ? text.dataset.wMore : text.dataset.wLess;
  });
  text.after(button);
}

/** The bar shows only while the card that it repeats is out of sight, and nobody is typing. */
function followThumb(bar) {
  const card = document.getElementById(bar.dataset.thumbOf)?.closest("section");
  if (!card) return;
  let seen = true;
  const typing = () => document.activeElement?.matches("textarea, input, select");
  const show = () => {
    bar.hidden = seen || Boolean(typing());
  };
  new IntersectionObserver(([entry]) => {
    seen = entry.isIntersecting;
    show();
  }).observe(card);
  for (const event of ["focusin", "focusout"]) {
    document.addEventListener(event, () => setTimeout(show));
  }
}

for (const text of document.querySelectorAll("[data-fold]")) fold(text);
for (const bar of document.querySelectorAll("[data-thumb-of]")) followThumb(bar);
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}
