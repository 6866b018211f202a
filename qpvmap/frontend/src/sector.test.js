import assert from "node:assert/strict";
import { test } from "node:test";
import { OUTSIDE, sectorAt } from "./sector.js";

const ring = (west, south, east, north) => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
];
// 0.001 degree: 73 m from west to east here, 111 m from south to north
const WEST = {
  code: "ouest",
  polygons: [[ring(2.3, 48.78, 2.3021, 48.782), ring(2.3008, 48.7808, 2.3012, 48.7812)]],
};
const EAST = { code: "est", polygons: [[ring(2.3021, 48.78, 2.304, 48.782)]] };
const SHAPES = [WEST, EAST];

test("a position inside a sector is there, however poor", () => {
  assert.equal(sectorAt(SHAPES, { lon: 2.3005, lat: 48.7803, accuracy: 5 }), "ouest");
  assert.equal(sectorAt(SHAPES, { lon: 2.3035, lat: 48.7815, accuracy: 900 }), "est");
});

test("just outside, the nearest one is proposed; farther than the doubt, none", () => {
  assert.equal(sectorAt(SHAPES, { lon: 2.30425, lat: 48.781, accuracy: 8 }), "est");
  assert.equal(sectorAt(SHAPES, { lon: 2.3055, lat: 48.781, accuracy: 8 }), OUTSIDE);
  assert.equal(sectorAt(SHAPES, { lon: 2.3055, lat: 48.781, accuracy: 200 }), "est");
});

test("a hole is outside, yet near", () => {
  assert.equal(sectorAt([WEST], { lon: 2.301, lat: 48.781, accuracy: 5 }), "ouest");
  const wide = {
    code: "anneau",
    polygons: [[ring(2.29, 48.77, 2.31, 48.79), ring(2.295, 48.775, 2.305, 48.785)]],
  };
  assert.equal(sectorAt([wide], { lon: 2.3, lat: 48.78, accuracy: 5 }), OUTSIDE);
});

test("without outlines one is outside", () => {
  assert.equal(sectorAt([], { lon: 2.3, lat: 48.78, accuracy: 5 }), OUTSIDE);
});
