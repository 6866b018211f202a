// Measures what a finger can hit: walks from the middle of each control until something else is hit.
() => {
  const CONTROLS =
    "a[href], button, summary, select, textarea, input:not([type=hidden]), [role=button], [role=option]";
  const REACH = 60;
  const owner = (x, y) => {
    const hit = document.elementFromPoint(x, y);
    return hit?.closest(CONTROLS) ?? hit?.closest("label")?.control ?? null;
  };
  const walk = (control, x, y, dx, dy) => {
    let steps = 0;
    while (steps < REACH && owner(x + dx * (steps + 1), y + dy * (steps + 1)) === control) steps++;
    return steps;
  };
  const text = (node) => node.textContent.replace(/\s+/g, " ").trim();
  const isInSentence = (control) => {
    const around = control.closest("p, li, td, th, dd, dt, figcaption, h2, label, .field-error");
    if (control.tagName !== "A" || !getComputedStyle(control).display.startsWith("inline")) return false;
    return Boolean(control.closest("td, th, dd")) || (around && text(around) !== text(control));
  };
  const found = [];
  let measured = 0;
  for (const control of document.querySelectorAll(CONTROLS)) {
    if (control.closest(".leaflet-marker-pane, .leaflet-pane svg, .leaflet-control-attribution")) continue;
    const shown = control.closest("label") ?? control;
    if (!shown.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    shown.scrollIntoView({ block: "center", inline: "center" });
    const box = [...shown.getClientRects()].at(0);
    if (!box || box.width < 2 || box.height < 2) continue;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    if (owner(x, y) !== control) continue;
    measured += 1;
    const width = walk(control, x, y, -1, 0) + walk(control, x, y, 1, 0) + 1;
    const height = walk(control, x, y, 0, -1) + walk(control, x, y, 0, 1) + 1;
    const least = isInSentence(control) ? 24 : 44;
    const isWideEnough = width >= (least === 24 ? 16 : least - 0.5);
    if (height < least - 0.5 || !isWideEnough) {
      found.push(`${width} x ${height}, ${least} wanted: ${control.outerHTML.slice(0, 120)}`);
    }
  }
  return { measured, found };
}
