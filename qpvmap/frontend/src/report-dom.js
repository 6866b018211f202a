// Small gestures on the page of filing.

export const byId = (id) => document.getElementById(id);

/** Show a sentence in an element made of an icon and a span, or hide it. */
export function tell(element, words) {
  element.hidden = !words;
  (element.querySelector("span") ?? element).textContent = words;
}

/** Give a field of the form, or a group of radios, its value back. */
export function fill(field, value) {
  if (field?.type === "checkbox") field.checked = Boolean(value);
  else if (field) field.value = value;
}

/** When the page has nothing more urgent to do, half a second from now at the latest. */
export function idle() {
  return new Promise((resolve) => {
    if ("requestIdleCallback" in window) requestIdleCallback(resolve, { timeout: 500 });
    else setTimeout(resolve, 200);
  });
}

/** Add a stylesheet, once; resolves when it applies, or cannot be had. */
export function loadStyle(href) {
  return new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = href;
    link.onload = link.onerror = resolve;
    document.head.append(link);
  });
}

export function openAround(element) {
  const details = element?.closest("details");
  if (details) details.open = true;
}

/** Nodes of a fragment that our own server escaped. */
export function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html").body.childNodes;
}
