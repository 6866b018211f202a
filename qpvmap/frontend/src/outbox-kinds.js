// How each kind of record is sent and named: one line each. docs/outbox.md says what a line holds.
//
// name: what the list calls it; many: several of them, `{n}` for the number; icon: in the sprite;
// as: "json" (the body, with client_id), "form" (fields) or "multipart" (fields and the blob of the
// record under the name `file`); edit(record): the page that opens it again, if there is one.

/* A walk that the site does not know yet is opened from what this phone holds of it. */
function walkOf({ url }) {
  const key = url.split("/")[3];
  return /^\d+$/.test(key)
    ? `/parcours/marches/${key}`
    : `/parcours/marches/sur-place?marche=${key}`;
}

export const KINDS = {
  signalement: {
    name: "Signalement",
    many: "{n} signalements",
    icon: "pin",
    as: "form",
    edit: ({ id }) => `/signaler?reprendre=${id}`,
  },
  photo: { name: "Photo", many: "{n} photos", icon: "camera", as: "multipart", file: "photo" },
  "presence-start": {
    name: "Début de sortie",
    many: "{n} débuts de sortie",
    icon: "walk",
    as: "form",
    edit: () => "/parcours/tournees/saisie",
  },
  "presence-move": {
    name: "Changement de secteur",
    many: "{n} changements de secteur",
    icon: "pin",
    as: "form",
  },
  "presence-end": {
    name: "Fin de sortie",
    many: "{n} fins de sortie",
    icon: "check",
    as: "form",
  },
  solicitation: { name: "Sollicitation", many: "{n} sollicitations", icon: "message", as: "form" },
  action: { name: "Action", many: "{n} actions", icon: "star", as: "form" },
  "action-photo": {
    name: "Photo d’une action",
    many: "{n} photos d’actions",
    icon: "camera",
    as: "multipart",
    file: "photo",
  },
  soutien: { name: "« C’est le même »", many: "{n} soutiens", icon: "out-duplicate", as: "form" },
  "walk-new": {
    name: "Marche préparée",
    many: "{n} marches préparées",
    icon: "walk",
    as: "form",
    edit: ({ id, state, walk }) =>
      state === "stuck" || walk?.follows
        ? `/parcours/marches/nouvelle?reprendre=${id}`
        : `/parcours/marches/sur-place?marche=${id}`,
  },
  "walk-new-stop": {
    name: "Arrêt ajouté",
    many: "{n} arrêts ajoutés",
    icon: "pin",
    as: "form",
    edit: walkOf,
  },
  "walk-stop": {
    name: "Arrêt de marche",
    many: "{n} arrêts de marche",
    icon: "walk",
    as: "form",
    edit: walkOf,
  },
  "walk-point": { name: "Point de marche", many: "{n} points de marche", icon: "pin", as: "form" },
  "walk-photo": {
    name: "Photo de marche",
    many: "{n} photos de marche",
    icon: "camera",
    as: "multipart",
    file: "photo",
    edit: walkOf,
  },
  "walk-decision": {
    name: "Décision de marche",
    many: "{n} décisions de marche",
    icon: "check",
    as: "form",
  },
  "walk-end": { name: "Fin de marche", many: "{n} fins de marche", icon: "walk", as: "form" },
  "walk-route": {
    name: "Trajet de marche",
    many: "{n} trajets de marche",
    icon: "walk",
    as: "form",
  },
};

const UNKNOWN = { name: "Envoi", many: "{n} envois", icon: "send", as: "json" };

/** The line of a kind; a later version may have kept one that this version does not know. */
export const kindOf = ({ kind }) => KINDS[kind] ?? UNKNOWN;
