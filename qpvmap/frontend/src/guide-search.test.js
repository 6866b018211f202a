import assert from "node:assert/strict";
import { test } from "node:test";
import { byDistance, distanceWords, search, tellingWords } from "./guide-search.js";

const offer = (id, more) => ({
  id,
  title: "",
  name: "",
  communeCode: "",
  theme: "family",
  publics: ["all"],
  costCode: "unknown",
  languages: "",
  words: "",
  lon: null,
  lat: null,
  ...more,
});
const pack = {
  empty: ["un", "une", "pour", "trouver", "aide", "je", "cherche", "j", "ai", "des", "d"],
  offers: [
    offer(1, {
      title: "Accueil des tout-petits",
      words: "accueil des tout petits creche nounou garde d enfant",
    }),
    offer(2, {
      title: "Aide aux stages",
      theme: "youth",
      words: "aide aux stages alternance",
      publics: ["youth"],
    }),
    offer(3, {
      title: "Dettes",
      words: "dettes budget stage",
      costCode: "free",
      languages: "Arabe, français",
    }),
  ],
};
const ids = (wanted) => search(pack, wanted).map(({ id }) => id);

test("words that matter are kept, whatever their accents", () => {
  assert.deepEqual(tellingWords("J’ai des Dettés", pack.empty), ["dettes"]);
  assert.deepEqual(tellingWords("une aide", pack.empty), ["une", "aide"]);
});

test("plain words find, the title first, and what means the same too", () => {
  assert.deepEqual(ids({ words: "aide pour trouver un stage" }), [2, 3]);
  assert.deepEqual(ids({ words: "garde d'enfants" }), [1]);
  assert.deepEqual(ids({ words: "CRÈCHES" }), [1]);
  assert.deepEqual(ids({ words: "hippopotame" }), []);
});

test("filters hold together", () => {
  assert.deepEqual(ids({ words: "" }), [1, 2, 3]);
  assert.deepEqual(ids({ theme: "family", cost: "free" }), [3]);
  assert.deepEqual(ids({ language: "arabe" }), [3]);
  assert.deepEqual(ids({ public: "seniors" }), [1, 3]);
});

test("the nearest comes first, what has no place last", () => {
  const here = { lon: 2.3, lat: 48.79 };
  const placed = [
    offer(1),
    offer(2, { lon: 2.31, lat: 48.79 }),
    offer(3, { lon: 2.301, lat: 48.79 }),
  ];
  assert.deepEqual(
    byDistance(placed, here).map(({ id }) => id),
    [3, 2, 1],
  );
  assert.equal(distanceWords(73.4), "à 70\u00a0m");
  assert.equal(distanceWords(1240), "à 1,2\u00a0km");
  assert.equal(distanceWords(null), "lieu à préciser");
});
