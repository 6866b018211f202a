// The page of what was chosen to be printed: one button.
document.querySelector("[data-print]")?.addEventListener("click", () => print());
