// A ZIP file, its parts as they are: photos are compressed already.

const TABLE = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc >>> 0;
});

function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 255];
  return ~crc >>> 0;
}

/** Little-endian numbers: `[[value, bytes], …]`. */
function numbers(pairs) {
  const view = new DataView(new ArrayBuffer(pairs.reduce((sum, [, size]) => sum + size, 0)));
  let at = 0;
  for (const [value, size] of pairs) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return new Uint8Array(view.buffer);
}

const UTF8_NAMES = 0x0800;

/** What is said of a part both before it and in the list at the end. */
const described = (name, bytes, day, clock) => [
  [20, 2],
  [UTF8_NAMES, 2],
  [0, 2],
  [clock, 2],
  [day, 2],
  [crc32(bytes), 4],
  [bytes.length, 4],
  [bytes.length, 4],
  [name.length, 2],
  [0, 2],
];

/** A ZIP of `[{name, bytes}]`, dated `at`. */
export function zipped(files, at = new Date()) {
  const day = ((at.getFullYear() - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate();
  const clock = (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1);
  const parts = [];
  const list = [];
  let offset = 0;
  for (const { name, bytes } of files) {
    const called = new TextEncoder().encode(name);
    const head = described(called, bytes, day, clock);
    const local = numbers([[0x04034b50, 4], ...head]);
    parts.push(local, called, bytes);
    const rest = [
      [0, 2],
      [0, 2],
      [0, 2],
      [0, 4],
      [offset, 4],
    ];
    list.push(numbers([[0x02014b50, 4], [20, 2], ...head, ...rest]), called);
    offset += local.length + called.length + bytes.length;
  }
  const size = list.reduce((sum, { length }) => sum + length, 0);
  const count = files.length;
  const end = [
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [count, 2],
    [count, 2],
    [size, 4],
    [offset, 4],
    [0, 2],
  ];
  return new Blob([...parts, ...list, numbers(end)], { type: "application/zip" });
}
