// A few words that the browser remembers, where it does: some have no such storage, or refuse it.

function storage(name) {
  try {
    return globalThis[name] ?? null;
  } catch {
    return null; // refused: private browsing, cookies turned off, a page inside another application
  }
}

function change(name, act) {
  try {
    const found = storage(name);
    return found ? act(found) : null;
  } catch {
    return null; // full
  }
}

const memory = (name) => ({
  get: (key) => change(name, (kept) => kept.getItem(key)),
  set: (key, value) => change(name, (kept) => kept.setItem(key, value)),
  forget: (key) => change(name, (kept) => kept.removeItem(key)),
});

/** For this tab; for good. */
export const tab = memory("sessionStorage");
export const phone = memory("localStorage");
