// The switch of /compte: have this device told, or no more. Permission is asked on a press alone.

const box = document.querySelector("[data-push]");

function bytes(base64url) {
  const base64 = base64url.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Say one of the sentences of the page, and show the button that goes with it. */
function show(state) {
  for (const part of box.querySelectorAll("[data-state]")) {
    part.hidden = !part.dataset.state.split(" ").includes(state);
  }
}

async function send(path, fields) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": box.dataset.csrf },
    body: new URLSearchParams(fields),
  });
  if (!answer.ok) throw new Error(String(answer.status));
}

const supported = () =>
  "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

async function registration() {
  await navigator.serviceWorker.register("/sw.js", { scope: "/" });
  return navigator.serviceWorker.ready;
}

/** Return the keys that messages to this device are sealed with, as the server keeps them. */
function described(subscription) {
  const { endpoint, keys } = subscription.toJSON();
  return { endpoint, p256dh: keys.p256dh, auth: keys.auth };
}

async function present() {
  const found = await navigator.serviceWorker.getRegistration("/");
  return (await found?.pushManager.getSubscription()) ?? null;
}

function refusedState() {
  return Notification.permission === "denied" ? "refused" : "off";
}

async function turnOn() {
  show("wait");
  if ((await Notification.requestPermission()) !== "granted") return show(refusedState());
  try {
    const { pushManager } = await registration();
    const kept = await pushManager.getSubscription();
    const subscription =
      kept ??
      (await pushManager.subscribe({
        userVisibleOnly: true,
        applicationServerKey: bytes(box.dataset.key),
      }));
    await send(box.dataset.add, described(subscription));
    location.assign("/compte#notifications");
    location.reload();
  } catch {
    show("failed");
  }
}

async function turnOff() {
  show("wait");
  try {
    const subscription = await present();
    if (subscription) {
      await send(box.dataset.forget, { endpoint: subscription.endpoint });
      await subscription.unsubscribe();
    }
    location.reload();
  } catch {
    show("failed");
  }
}

async function start() {
  if (!supported()) return show("unsupported");
  if (Notification.permission === "denied") return show("refused");
  const subscription = await present();
  const known = subscription && box.dataset.known.split(" ").includes(await mark(subscription));
  show(known ? "on" : "off");
}

/** Return what the page knows a device by: the SHA-256 of its address, not the address. */
async function mark(subscription) {
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(subscription.endpoint),
  );
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

if (box) {
  box.querySelector("[data-action=on]").addEventListener("click", turnOn);
  box.querySelector("[data-action=off]").addEventListener("click", turnOff);
  start();
}
