// The lists of ready-made answers of a page. On the page that writes them, buttons put variables in
// at the caret.
import { attachReady } from "./ready.js";

function insertAtCaret(button) {
  const text = document.getElementById(button.dataset.into);
  const words = button.dataset.insert;
  const { selectionStart: start, selectionEnd: end } = text;
  text.setRangeText(words, start, end, "end");
  text.focus();
}

attachReady(document);
for (const button of document.querySelectorAll("[data-insert]")) {
  button.addEventListener("click", () => insertAtCaret(button));
}
