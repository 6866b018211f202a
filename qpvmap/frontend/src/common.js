// What nearly every page of a phone imports, in one file: `app.js` is on all of them, and a slow network
// pays for each request. build.mjs builds it first and points every import of these modules at it.
export * from "./keeping.js";
export * from "./outbox-kinds.js";
export * from "./outbox-send.js";
export * from "./outbox-store.js";
export * from "./outbox-watch.js";
export * from "./pack.js";
export * from "./position.js";
export * from "./shrink.js";
