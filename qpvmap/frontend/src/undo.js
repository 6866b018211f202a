// What can be taken back for a minute: the offer goes when its time has, unless somebody is on it.
for (const form of document.querySelectorAll("[data-undo]")) {
  setTimeout(() => {
    if (!form.contains(document.activeElement)) form.remove();
  }, Number(form.dataset.undo) * 1000);
}
