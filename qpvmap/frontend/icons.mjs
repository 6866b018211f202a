/* Draws the icons of the installed application as PNG: the pin of favicon.svg on the brand's ground. */
import { deflateSync } from "node:zlib";

const BRAND = [0x6a, 0x2b, 0x5b];
const WHITE = [0xff, 0xff, 0xff];
const SIDE = 32;
const FINE = 4;

/** A cubic Bézier curve as points, its start left out. */
function curve([x0, y0], [x1, y1], [x2, y2], [x3, y3]) {
  return Array.from({ length: 24 }, (_, step) => {
    const t = (step + 1) / 24;
    const u = 1 - t;
    const at = (a, b, c, d) =>
      u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
    return [at(x0, x1, x2, x3), at(y0, y1, y2, y3)];
  });
}

/** Part of a circle as points, from an angle to another (degrees, clockwise on the screen). */
function arc([x, y], radius, from, to) {
  return Array.from({ length: 48 }, (_, step) => {
    const angle = ((from + ((to - from) * (step + 1)) / 48) * Math.PI) / 180;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

const PIN = [
  ...curve([16, 25.5], [21, 19.9], [23.5, 16.3], [23.5, 12.8]),
  ...arc([16, 12.8], 7.5, 0, -180),
  ...curve([8.5, 12.8], [8.5, 16.3], [11, 19.9], [16, 25.5]),
];
const HOLE = arc([16, 12.8], 3, 0, 360);

function rounded(radius) {
  const end = SIDE - radius;
  return [
    ...arc([radius, radius], radius, 180, 270),
    ...arc([end, radius], radius, 270, 360),
    ...arc([end, end], radius, 0, 90),
    ...arc([radius, end], radius, 90, 180),
  ];
}

/** Add to `cover` (0 to 1 for each pixel) how much of it lies inside a polygon. */
function coverage(points, size) {
  const cover = new Float32Array(size * size);
  const lines = size * FINE;
  const scale = lines / SIDE;
  for (let line = 0; line < lines; line += 1) {
    const y = (line + 0.5) / scale;
    const crossings = [];
    points.forEach(([x1, y1], at) => {
      const [x2, y2] = points[(at + 1) % points.length];
      if (y1 <= y !== y2 <= y) crossings.push((x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) * scale);
    });
    crossings.sort((a, b) => a - b);
    const row = Math.floor(line / FINE) * size;
    for (let at = 0; at + 1 < crossings.length; at += 2) {
      const last = Math.min(lines - 0.5, crossings[at + 1]);
      for (let x = Math.max(0, Math.ceil(crossings[at] - 0.5)); x + 0.5 <= last; x += 1) {
        cover[row + Math.floor(x / FINE)] += 1 / (FINE * FINE);
      }
    }
  }
  return cover;
}

/** The checksum of PNG; node:zlib has it in recent versions alone. */
function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}

function encoded(pixels, size) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8); // 8 bits, red green blue alpha
  const rows = Buffer.alloc(size * (size * 4 + 1));
  for (let y = 0; y < size; y += 1) {
    pixels.copy(rows, y * (size * 4 + 1) + 1, y * size * 4, (y + 1) * size * 4);
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(rows, { level: 9 });
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", data),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The icon as PNG. A maskable one fills its square and keeps its drawing in the middle. */
export function icon(size, { maskable = false } = {}) {
  const inner = maskable ? 0.8 : 1;
  const near = ([x, y]) => [16 + (x - 16) * inner, 16 + (y - 16) * inner];
  const ground = coverage(rounded(maskable ? 0 : 7), size);
  const pin = coverage(PIN.map(near), size);
  const hole = coverage(HOLE.map(near), size);
  const pixels = Buffer.alloc(size * size * 4);
  for (let at = 0; at < size * size; at += 1) {
    const white = Math.max(0, pin[at] - hole[at]);
    BRAND.forEach((part, channel) => {
      pixels[at * 4 + channel] = Math.round(part + (WHITE[channel] - part) * white);
    });
    pixels[at * 4 + 3] = maskable ? 255 : Math.round(Math.min(1, ground[at]) * 255);
  }
  return encoded(pixels, size);
}

export const ICONS = {
  "icon-192.png": () => icon(192),
  "icon-512.png": () => icon(512),
  "icon-maskable.png": () => icon(512, { maskable: true }),
};
