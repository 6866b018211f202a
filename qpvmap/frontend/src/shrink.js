// A photo made small enough for a slow network: 2048 px, upright, nothing but pixels.

const LONGEST = 2048;
const QUALITY = 0.85;

/** What was chosen is no photo that anybody here can read. */
export class Unreadable extends Error {}

/** Draw `source` on a canvas no larger than `longest`. */
function drawn(source, longest) {
  const scale = Math.min(1, longest / Math.max(source.width, source.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(source.width * scale));
  canvas.height = Math.max(1, Math.round(source.height * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function blobOf(canvas, type) {
  return new Promise((resolve) => canvas.toBlob(resolve, type, QUALITY));
}

/** The canvas as WebP; as JPEG in a browser that writes no WebP. */
export async function encoded(canvas) {
  let blob = await blobOf(canvas, "image/webp");
  if (blob?.type !== "image/webp") blob = await blobOf(canvas, "image/jpeg");
  if (!blob) throw new Unreadable("too large for this phone's memory");
  return blob;
}

/**
 * The photo in `file`, made smaller. A format that this browser can't read (HEIC on most) is given
 * back as it is: the server reads it. What is no image at all is `Unreadable`.
 */
export async function shrink(file, longest = LONGEST) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch (error) {
    if (isHeic(file)) return file;
    throw new Unreadable(String(error));
  }
  try {
    return await encoded(drawn(bitmap, longest));
  } finally {
    bitmap.close();
  }
}

function isHeic(file) {
  return /^image\/hei[cf]/.test(file.type) || /\.hei[cf]$/i.test(file.name ?? "");
}
