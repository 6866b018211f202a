// Asks the device for a passkey, and sends its answer with the form that carries the question.

const form = document.querySelector("form[data-passkey]");

function bytes(text) {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function text(buffer) {
  if (!buffer) return "";
  const base64 = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function withBytes(list) {
  return (list ?? []).map((item) => ({ ...item, id: bytes(item.id) }));
}

const ask = {
  async create(options) {
    const key = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: withBytes(options.excludeCredentials),
      },
    });
    return {
      id: key.id,
      rawId: text(key.rawId),
      type: key.type,
      response: {
        attestationObject: text(key.response.attestationObject),
        clientDataJSON: text(key.response.clientDataJSON),
        transports: key.response.getTransports?.() ?? null,
      },
      extensions: JSON.stringify(key.getClientExtensionResults()),
    };
  },

  async get(options) {
    const key = await navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        allowCredentials: withBytes(options.allowCredentials),
      },
    });
    return {
      id: key.id,
      rawId: text(key.rawId),
      type: key.type,
      response: {
        authenticatorData: text(key.response.authenticatorData),
        clientDataJSON: text(key.response.clientDataJSON),
        signature: text(key.response.signature),
        userHandle: text(key.response.userHandle),
      },
      assertionClientExtensions: JSON.stringify(key.getClientExtensionResults()),
    };
  },
};

async function answer() {
  try {
    const credential = await ask[form.dataset.passkey](JSON.parse(form.dataset.options));
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } catch {
    document.getElementById("passkey-attente").hidden = true;
    const error = document.getElementById("passkey-erreur");
    error.hidden = false;
    error.focus();
  }
}

if (form) answer();
