/* Writes ../static/dist: hashed, minified files, each with a compressed twin, the icons, and
   manifest.json (name in templates -> file). */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import * as esbuild from "esbuild";
import { ICONS } from "./icons.mjs";

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

const modules = { ...shared, format: "esm", splitting: true };

/* Built first, each in one file, whatever imports them: what nearly every page of a phone needs, and
   Leaflet, which stays kept in browsers when our own code changes. */
const firsts = ["src/common.js", "src/global-leaflet.js"].map((entry) => ({
  ...modules,
  entryPoints: [entry],
}));

/** Points the imports of the modules that these builds hold at their files. */
function heldBy(results) {
  const holders = results.flatMap(({ metafile }) =>
    Object.entries(metafile.outputs).filter(([, { entryPoint }]) => entryPoint),
  );
  const holderOf = (module) => holders.find(([, { inputs }]) => inputs[module])?.[0];
  return {
    name: "held",
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\.\// }, ({ path, resolveDir }) => {
        const holder = holderOf(relative(here, join(resolveDir, path)));
        return holder && { path: `./${basename(holder)}`, external: true };
      }),
  };
}

const builds = [
  {
    ...modules,
    entryPoints: [
      "src/app.js",
      "src/report.js",
      "src/inbox.js",
      "src/follow.js",
      "src/print.js",
      "src/passkey.js",
      "src/place.js",
      "src/guide.js",
      "src/progress.js",
      "src/ground.js",
      "src/photos.js",
      "src/detail.js",
      "src/undo.js",
      "src/replies.js",
      "src/round.js",
      "src/push.js",
      "src/presence.js",
      "src/walk.js",
      "src/walk-here.js",
      "src/walk-new.js",
      "src/walk-prepare.js",
      "src/outbox.js",
    ],
  },
  /* The map's declarations (an inline script with a nonce) need a global L at once: not a module. */
  { ...shared, entryPoints: ["src/map.js"], format: "iife" },
  { ...shared, entryPoints: ["styles/app.css", "styles/work.css", "styles/map.css"] },
];

/* What the pages that open without network are made of; the parts that they import come with them. */
const OFFLINE = [
  "app.css",
  "work.css",
  "map.css",
  "app.js",
  "report.js",
  "guide.js",
  "outbox.js",
  "presence.js",
  "walk.js",
];

/* Every browser runs a service worker in one piece. It holds the list of what it keeps. */
const worker = (kept) => ({
  ...shared,
  entryPoints: ["src/sw.js"],
  format: "iife",
  define: { BUILD: JSON.stringify(kept) },
});

/** What was built: name of a file -> what esbuild says of it. */
const builtFiles = (results) =>
  Object.fromEntries(
    results
      .flatMap(({ metafile }) => Object.entries(metafile.outputs))
      .map(([path, output]) => [basename(path), output]),
  );

/** The files of the entries named in OFFLINE, with all that they import, at once or later. */
function keptOffline(results) {
  const outputs = builtFiles(results);
  const todo = Object.keys(outputs).filter((file) => {
    const { entryPoint } = outputs[file];
    return entryPoint && OFFLINE.includes(basename(entryPoint));
  });
  const found = new Set();
  while (todo.length) {
    const file = todo.pop();
    if (found.has(file) || !outputs[file]) continue;
    found.add(file);
    todo.push(...outputs[file].imports.map(({ path }) => basename(path)));
  }
  const files = [...found].sort();
  return { files, version: fingerprint(files.join()) };
}

const fingerprint = (data) =>
  createHash("sha256").update(data).digest("hex").slice(0, 8).toUpperCase();

/** Draw the icons; their names in the manifest. */
async function drawIcons() {
  const drawn = {};
  for (const [name, draw] of Object.entries(ICONS)) {
    const content = draw();
    drawn[name] = name.replace(".png", `-${fingerprint(content)}.png`);
    await writeFile(join(target, drawn[name]), content);
  }
  return drawn;
}

/** Write NAME.br and NAME.gz beside a text: compressed once, as small as can be. */
async function compress(name) {
  const content = await readFile(join(target, name));
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  const twins = { br: await promisify(brotliCompress)(content, { params }) };
  twins.gz = await promisify(gzip)(content, { level: 9 });
  for (const [ending, twin] of Object.entries(twins)) {
    await writeFile(join(target, `${name}.${ending}`), twin);
  }
  return Object.keys(twins).map((ending) => `${name}.${ending}`);
}

function named(results) {
  const manifest = {};
  for (const { metafile } of results) {
    for (const [path, output] of Object.entries(metafile.outputs)) {
      if (output.entryPoint) manifest[basename(output.entryPoint)] = basename(path);
    }
  }
  return Object.fromEntries(Object.entries(manifest).sort());
}

/** What each entry imports at once: asked for with it, not after it was read. */
function importedBy(results) {
  const outputs = builtFiles(results);
  const imported = (file, found = new Set()) => {
    for (const { path, kind } of outputs[file].imports) {
      const next = basename(path);
      if (kind !== "import-statement" || found.has(next)) continue;
      found.add(next);
      imported(next, found);
    }
    return [...found].sort();
  };
  const entries = Object.entries(outputs).filter(([, { entryPoint }]) => entryPoint);
  return Object.fromEntries(
    entries.map(([file, { entryPoint }]) => [basename(entryPoint), imported(file)]),
  );
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
  const results = await Promise.all(firsts.map((options) => esbuild.build(options)));
  const plugins = [heldBy(results)];
  const others = builds.map((options) =>
    esbuild.build(options.format === "esm" ? { ...options, plugins } : options),
  );
  results.push(...(await Promise.all(others)));
  results.push(await esbuild.build(worker(keptOffline(results))));
  const icons = await drawIcons();
  const manifest = { ...named(results), ...icons };
  const built = results
    .flatMap(({ metafile }) => Object.keys(metafile.outputs))
    .map((path) => basename(path));
  const texts = built.filter((name) => /\.(js|css|svg)$/.test(name));
  const twins = (await Promise.all(texts.map(compress))).flat();
  const made = [...built, ...Object.values(icons), ...twins, "imports.json"];
  await writeFile(join(target, "imports.json"), JSON.stringify(importedBy(results)));
  /* Renamed in one go, and last: whoever reads it finds every file that it names. */
  await writeFile(`${target}/manifest.json.new`, `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(`${target}/manifest.json.new`, join(target, "manifest.json"));
  await forget(new Set([...made, "manifest.json"]));
  return manifest;
}

for (const [name, file] of Object.entries(await build())) {
  process.stdout.write(`${name} -> ${file}\n`);
}
