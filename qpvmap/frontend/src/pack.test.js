import assert from "node:assert/strict";
import { test } from "node:test";
import { isIn, metresApart, nearOf, ownerOf, placesNamed, shareInside } from "./pack.js";

const square = (west, south, side) => [
  [west, south],
  [west + side, south],
  [west + side, south + side],
  [west, south + side],
  [west, south],
];
const HERE = { lon: 2.3005, lat: 48.7805 };
const rule = (more) => ({
  category: null,
  commune: null,
  emprise: null,
  body: null,
  of: "",
  ...more,
});
const PACK = {
  communes: [{ code: "92901", name: "Ouestville", shape: [[square(2.3, 48.78, 0.01)]] }],
  quarters: [],
  emprises: [
    {
      id: 7,
      name: "résidence",
      kind: "owner",
      body: 3,
      body_name: "HSH",
      shape: [[square(2.3, 48.78, 0.001)]],
    },
  ],
  categories: [
    { code: "voirie", name: "Voirie", kindred: "sol", radius_m: 50 },
    { code: "trou", name: "Trou", kindred: "sol", radius_m: 20 },
    { code: "tag", name: "Tag", kindred: "", radius_m: 50 },
  ],
  rules: [
    rule({ category: "voirie", body: 3, team: "Agence", why: "emprise {body}, {place} : voirie" }),
    rule({ category: "voirie", commune: "92901", team: "Voirie", why: "commune" }),
    rule({ team: "Coordination", why: "à défaut" }),
  ],
  open: [
    { reference: "A", category: "trou", lon: 2.3005, lat: 48.78059 },
    { reference: "B", category: "voirie", lon: 2.3005, lat: 48.78052 },
    { reference: "C", category: "tag", lon: 2.3005, lat: 48.7805 },
    { reference: "D", category: "voirie", lon: 2.3105, lat: 48.7805 },
  ],
  places: [
    ["École Henri-Wallon", "3 rue des Blagis", 2.3, 48.78],
    ["Gymnase", "avenue de l’École", 2.31, 48.79],
  ],
};

test("a point in a hole is not in the ground", () => {
  const shape = [[square(0, 0, 10), square(4, 4, 2)]];
  assert.equal(isIn({ lon: 1, lat: 1 }, shape), true);
  assert.equal(isIn({ lon: 5, lat: 5 }, shape), false);
  assert.equal(isIn({ lon: 11, lat: 1 }, shape), false);
});

test("the body that keeps the ground comes before the commune, and is named", () => {
  const { team, why } = ownerOf(PACK, HERE, "voirie");
  assert.deepEqual([team, why], ["Agence", "Emprise HSH, résidence : voirie"]);
});

test("beside the ground the commune takes it, and an unknown kind goes to the coordination", () => {
  const beside = { lon: 2.305, lat: 48.785 };
  assert.equal(ownerOf(PACK, beside, "voirie").team, "Voirie");
  assert.equal(ownerOf(PACK, beside, "tag").team, "Coordination");
  assert.equal(ownerOf(PACK, { lon: 5, lat: 45 }, "tag"), null);
});

test("a point that is not exact goes to who keeps most of its disc, and names the other", () => {
  const inside = { lon: 2.3009, lat: 48.7805 }; // 7 m from the edge of the ground
  const exact = ownerOf(PACK, inside, "voirie");
  assert.deepEqual([exact.team, exact.doubt], ["Agence", null]);
  const near = ownerOf(PACK, inside, "voirie", 15);
  assert.equal(near.team, "Agence");
  assert.equal(near.doubt.team, "Voirie");
  assert.ok(near.doubt.share > 0.15 && near.doubt.share < 0.25, String(near.doubt.share));
  assert.equal(ownerOf(PACK, { lon: 2.3005, lat: 48.7805 }, "voirie", 5).doubt, null);
  const outside = { lon: 2.3011, lat: 48.7805 };
  assert.equal(ownerOf(PACK, outside, "voirie", 20).team, "Voirie");
  assert.equal(ownerOf(PACK, outside, "voirie", 20).doubt.team, "Agence");
  // whose limit is not sure counts less
  const unsure = { ...PACK, emprises: [{ ...PACK.emprises[0], confidence: 0.2 }] };
  assert.equal(ownerOf(unsure, inside, "voirie", 15).team, "Voirie");
});

test("the share of the disc in the quarter is that of the ground, to some hundredths", () => {
  const pack = { quarters: [{ shape: [[square(2.3, 48.78, 0.001)]] }] };
  const share = (lon, radius) => shareInside(pack, { lon, lat: 48.7805 }, radius);
  assert.equal(share(2.3005, 0), 1);
  assert.equal(share(2.3005, 20), 1);
  assert.ok(Math.abs(share(2.3, 20) - 0.5) < 0.02, String(share(2.3, 20)));
  assert.equal(share(2.305, 20), 0);
});

test("near are the same and the kindred within the radius of what is chosen, the nearest first", () => {
  const { radius, reports } = nearOf(PACK, HERE, "voirie");
  assert.equal(radius, 50);
  assert.deepEqual(
    reports.map(({ reference }) => reference),
    ["B", "A"],
  );
});

test("metres are those of the ground", () => {
  const metres = metresApart({ lon: 2.3, lat: 48.78 }, { lon: 2.301, lat: 48.78 });
  assert.ok(Math.abs(metres - 73.4) < 0.5, String(metres));
});

test("places are found by name or address, whatever the accents", () => {
  assert.equal(placesNamed(PACK, "ecole henri")[0].label, "École Henri-Wallon");
  assert.deepEqual(
    placesNamed(PACK, "école").map(({ label }) => label),
    ["École Henri-Wallon", "Gymnase"],
  );
});
