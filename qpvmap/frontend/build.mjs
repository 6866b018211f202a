/* Writes ../static/dist: hashed, minified files and manifest.json (name in templates -> file). */
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "static", "dist");
const KEEP_OLD_MS = 24 * 3600 * 1000;

const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  metafile: true,
  legalComments: "linked",
  charset: "utf8",
  target: ["es2022", "chrome109", "firefox115", "safari16"],
  outdir: target,
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".png": "file", ".gif": "file", ".svg": "file" },
  logLevel: "warning",
};

const builds = [
  {
    ...shared,
    entryPoints: [
      "src/app.js",
      "src/report.js",
      "src/inbox.js",
      "src/follow.js",
      "src/print.js",
      "src/passkey.js",
      "src/place.js",
      "src/ground.js",
      "src/photos.js",
      "src/detail.js",
      "src/replies.js",
      "src/round.js",
      "src/push.js",
      "src/walk.js",
      "src/walk-prepare.js",
    ],
    format: "esm",
    splitting: true,
  },
  /* The map's declarations (an inline script with a nonce) need a global L at once: not a module. */
  { ...shared, entryPoints: ["src/map.js"], format: "iife" },
  /* Every browser runs a service worker in one piece. */
  { ...shared, entryPoints: ["src/sw.js"], format: "iife" },
  { ...shared, entryPoints: ["styles/app.css", "styles/map.css"] },
];

function named(results) {
  const manifest = {};
  for (const { metafile } of results) {
    for (const [path, output] of Object.entries(metafile.outputs)) {
      if (output.entryPoint) manifest[basename(output.entryPoint)] = basename(path);
    }
  }
  return Object.fromEntries(Object.entries(manifest).sort());
}

/** Remove files of earlier builds, but for recent ones: a page that is open may still ask for a part. */
async function forget(kept) {
  const limit = Date.now() - KEEP_OLD_MS;
  for (const name of await readdir(target)) {
    const path = join(target, name);
    if (!kept.has(name) && (await stat(path)).mtimeMs < limit) await rm(path, { force: true });
  }
}

async function build() {
  await mkdir(target, { recursive: true });
  const results = await Promise.all(builds.map((options) => esbuild.build(options)));
  const manifest = named(results);
  const made = results
    .flatMap(({ metafile }) => Object.keys(metafile.outputs))
    .map((path) => basename(path));
  /* Renamed in one go, and last: whoever reads it finds every file that it names. */
  await writeFile(`${target}/manifest.json.new`, `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(`${target}/manifest.json.new`, join(target, "manifest.json"));
  await forget(new Set([...made, "manifest.json"]));
  return manifest;
}

for (const [name, file] of Object.entries(await build())) {
  process.stdout.write(`${name} -> ${file}\n`);
}
