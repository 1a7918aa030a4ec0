// The hub's own script fails on an empty name; say what is missing instead.
"use strict";
window.addEventListener("DOMContentLoaded", () => {
  const name = document.getElementById("new-server");
  const error = document.getElementById("new-server-error");
  if (!name) return;
  const refuse = (event) => {
    const asked = event.type === "click" ? event.target.closest(".new-server-btn") : event.key === "Enter";
    if (!asked) return;
    const missing = name.value.trim() === "";
    error.textContent = missing ? "Give the new server a name." : "";
    name.toggleAttribute("aria-invalid", missing);
    if (missing) {
      event.preventDefault();
      event.stopImmediatePropagation();
      name.focus();
    }
  };
  const row = name.closest("tr");
  for (const type of ["click", "keypress", "keydown"]) {
    row.addEventListener(type, refuse, true);
  }
});
