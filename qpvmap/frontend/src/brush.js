// Black over faces and plates: with a finger, a mouse or the keyboard, on what <template id="pinceau">
// holds. Places are parts of the width and of the height, so that they fit any size of the photo.
import { encoded } from "./shrink.js";

const STEP = 0.02;
const START = { left: 0.4, top: 0.4, width: 0.2, height: 0.2 };
const MOVES = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

const within = (value, low, high) => Math.min(high, Math.max(low, value));

/** Fill one area on a canvas of any size. */
function fill(pen, area) {
  const { width, height } = pen.canvas;
  pen.fillStyle = pen.strokeStyle = "#000";
  if (area.box) {
    const { left, top } = area.box;
    pen.fillRect(left * width, top * height, area.box.width * width, area.box.height * height);
    return;
  }
  pen.lineWidth = Math.max(2, area.thickness * Math.max(width, height));
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath();
  const [[x, y], ...others] = area.points;
  // A mere touch is a line of no length, of which a browser may draw nothing: a disc, then.
  pen.arc(x * width, y * height, pen.lineWidth / 2, 0, 2 * Math.PI);
  pen.fill();
  pen.beginPath();
  pen.moveTo(x * width, y * height);
  pen.lineTo(x * width, y * height);
  for (const [u, v] of others) pen.lineTo(u * width, v * height);
  pen.stroke();
}

class Brush {
  constructor(bitmap) {
    this.bitmap = bitmap;
    this.areas = [];
    this.box = { ...START };
    const model = document.getElementById("pinceau").content.firstElementChild;
    this.dialog = model.cloneNode(true);
    this.canvas = this.dialog.querySelector("canvas");
    this.canvas.width = bitmap.width;
    this.canvas.height = bitmap.height;
    this.thickness = this.dialog.querySelector("input[type=range]");
    this.status = this.dialog.querySelector("[role=status]");
    this.#listen();
  }

  #listen() {
    const on = (name, act) => this.canvas.addEventListener(name, act);
    on("pointerdown", (event) => this.#begin(event));
    on("pointermove", (event) => this.#follow(event));
    on("pointerup", () => this.#end());
    on("pointercancel", () => this.#end());
    on("keydown", (event) => this.#key(event));
    on("focus", () => this.draw());
    on("blur", () => this.draw());
    this.thickness.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault(); // it would close the dialog
    });
    this.dialog.querySelector("[data-do=annuler]").addEventListener("click", () => this.#undo());
    this.dialog.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.#undo();
    });
  }

  /** Show the dialog; whether the person keeps what they blackened. */
  open() {
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.draw();
    this.#count();
    return new Promise((resolve) => {
      this.dialog.addEventListener("close", () => {
        this.dialog.remove();
        resolve(this.dialog.returnValue === "garder" && this.areas.length > 0);
      });
    });
  }

  draw() {
    const pen = this.canvas.getContext("2d");
    pen.drawImage(this.bitmap, 0, 0);
    for (const area of this.areas) fill(pen, area);
    if (document.activeElement === this.canvas && this.byKeyboard) this.#outline(pen);
  }

  #outline(pen) {
    const { width, height } = this.canvas;
    const { box } = this;
    const sides = [box.left * width, box.top * height, box.width * width, box.height * height];
    pen.lineWidth = Math.max(3, width / 200);
    for (const [colour, dashes] of [
      ["#000", []],
      ["#fff", [pen.lineWidth * 3, pen.lineWidth * 3]],
    ]) {
      pen.strokeStyle = colour;
      pen.setLineDash(dashes);
      pen.strokeRect(...sides);
    }
    pen.setLineDash([]);
  }

  #place(event) {
    const shown = this.canvas.getBoundingClientRect();
    return [
      within((event.clientX - shown.left) / shown.width, 0, 1),
      within((event.clientY - shown.top) / shown.height, 0, 1),
    ];
  }

  #begin(event) {
    if (event.button > 0) return;
    event.preventDefault();
    this.byKeyboard = false;
    this.canvas.setPointerCapture(event.pointerId);
    this.stroke = { thickness: Number(this.thickness.value), points: [this.#place(event)] };
    this.areas.push(this.stroke);
    this.draw();
  }

  #follow(event) {
    if (!this.stroke) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) this.stroke.points.push(this.#place(move));
    this.draw();
  }

  #end() {
    if (!this.stroke) return;
    this.stroke = undefined;
    this.#count();
  }

  #key(event) {
    const move = MOVES[event.key];
    const puts = event.key === "Enter" || event.key === " ";
    if (!move && !puts) return;
    event.preventDefault();
    if (puts && this.byKeyboard) this.areas.push({ box: { ...this.box } });
    if (move) this.#shift(move, event.shiftKey);
    this.byKeyboard = true;
    this.draw();
    this.#count();
  }

  #shift([across, down], resize) {
    const { box } = this;
    if (resize) {
      box.width = within(box.width + across, STEP, 1 - box.left);
      box.height = within(box.height + down, STEP, 1 - box.top);
    } else {
      box.left = within(box.left + across, 0, 1 - box.width);
      box.top = within(box.top + down, 0, 1 - box.height);
    }
  }

  #undo() {
    this.areas.pop();
    this.draw();
    this.#count();
  }

  #count() {
    const { length } = this.areas;
    const { wNone, wOne, wSome } = this.dialog.dataset;
    this.status.textContent = [wNone, wOne][length] ?? wSome.replace("{n}", length);
    for (const name of ["annuler", "garder"]) {
      this.dialog.querySelector(`[data-do=${name}]`).disabled = length === 0;
    }
  }
}

async function asked(blob) {
  const brush = new Brush(await createImageBitmap(blob, { imageOrientation: "from-image" }));
  const kept = await brush.open();
  return { brush, kept };
}

/** The photo with what the person blackened; null if they gave up. */
export async function blacken(blob) {
  const { brush, kept } = await asked(blob);
  if (!kept) return null;
  brush.canvas.blur();
  brush.byKeyboard = false;
  brush.draw();
  return encoded(brush.canvas);
}

/** What the person would blacken, as the server reads it; null if they gave up. */
export async function areasToBlacken(blob) {
  const { brush, kept } = await asked(blob);
  if (!kept) return null;
  const boxes = brush.areas.filter(({ box }) => box).map(({ box }) => box);
  return {
    rectangles: boxes.map(({ left, top, width, height }) => [
      left,
      top,
      within(left + width, 0, 1),
      within(top + height, 0, 1),
    ]),
    strokes: brush.areas.filter(({ points }) => points),
  };
}
