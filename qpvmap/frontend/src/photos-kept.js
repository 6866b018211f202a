// Photos chosen and not yet sent, kept in this browser beside the draft they belong to:
// a refused form, a crash or a lost network loses none.

const STORE = "photos";
const KEPT_MS = 7 * 24 * 3600 * 1000;

function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("qpvmap", 1);
    asked.onupgradeneeded = () =>
      asked.result.createObjectStore(STORE, { keyPath: "id" }).createIndex("owner", "owner");
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

/** Do `work` on the store; its result, once it is surely written. */
async function inStore(mode, work) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const asked = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** Keep `blob` as the photo `id` of the filing `owner`. Bytes, not a blob: every browser keeps those. */
export async function keepPhoto({ id, owner, blob, at }) {
  const photo = { id, owner, at, type: blob.type, bytes: await blob.arrayBuffer() };
  await inStore("readwrite", (store) => store.put(photo));
}

export function forgetPhoto(id) {
  return inStore("readwrite", (store) => store.delete(id));
}

/** The photos kept for `owner`, oldest first: `[{id, owner, at, blob}]`. */
export async function photosOf(owner) {
  const found = await inStore("readonly", (store) => store.index("owner").getAll(owner));
  return found
    .sort((one, other) => one.at - other.at)
    .map(({ bytes, type, ...photo }) => ({ ...photo, blob: new Blob([bytes], { type }) }));
}

export async function forgetPhotosOf(owner) {
  for (const { id } of await photosOf(owner)) await forgetPhoto(id);
}

/** Forget what nobody came back for. */
export async function forgetOldPhotos() {
  const all = await inStore("readonly", (store) => store.getAll());
  for (const { id, at } of all) if (Date.now() - at > KEPT_MS) await forgetPhoto(id);
}
