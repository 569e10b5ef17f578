"use strict";

// A press on an image opens it large, with all that belongs to it. Escape closes; the arrows go to
// the next image of the same gallery, in a table also up and down to the next method.
const lightbox = document.getElementById("lightbox");
const TITLES = { input: "input", reconstruction: "reconstruction", map: "anomaly map", mask: "mask" };
let current = null;

// The columns of a table hold the input once, at their head.
function headOf(figure) {
  const { column } = figure.dataset;
  return column && figure.closest("table").querySelector(`thead [data-column="${column}"]`);
}

function panesOf(figure) {
  const head = headOf(figure);
  const input = head && head !== figure ? [...head.querySelectorAll(".pane")] : [];
  return [...input, ...figure.querySelectorAll(".pane")];
}

function framed(pane, title) {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = title;
  figure.append(pane, caption);
  return figure;
}

function drawnMask(outline) {
  const pane = document.createElement("span");
  pane.className = "pane drawn";
  pane.dataset.kind = "mask";
  const mask = outline.cloneNode(true);
  mask.removeAttribute("class");
  mask.removeAttribute("aria-hidden");
  mask.setAttribute("role", "img");
  mask.setAttribute("aria-label", "mask of what is abnormal");
  pane.append(mask);
  return pane;
}

function show(figure) {
  current = figure;
  const { id, label, method } = figure.dataset;
  document.getElementById("lightbox-title").textContent = [label, id].filter(Boolean).join(": ");
  const told = [...figure.querySelectorAll(".score")].map((each) => each.textContent);
  const rank = figure.querySelector(".rank");
  if (rank) told.push(`${rank.textContent} of the normal images score lower`);
  const flagged = figure.classList.contains("flagged") ? ["flagged"] : [];
  document.getElementById("lightbox-text").textContent = [method, ...told, ...flagged]
    .filter(Boolean)
    .join(", ");
  const panes = panesOf(figure);
  const large = panes.map((pane) => framed(pane.cloneNode(true), TITLES[pane.dataset.kind]));
  const outline = figure.dataset.mask !== "none" && panes.map((pane) => pane.querySelector(".outline")).find(Boolean);
  if (outline) large.push(framed(drawnMask(outline), TITLES.mask));
  lightbox.querySelector(".panes").replaceChildren(...large);
}

function step(by) {
  const gallery = current.closest("[data-gallery]");
  const all = [...gallery.querySelectorAll(".case:has(.open)")].filter((each) => each.offsetParent);
  show(all[(all.indexOf(current) + by + all.length) % all.length]);
}

// In a table: the same image of the next method.
function stepDown(by) {
  const table = current.closest("table");
  if (!table) return;
  const { column } = current.dataset;
  const all = [...table.querySelectorAll(`tbody [data-column="${column}"]:has(.open)`)];
  const at = all.indexOf(current);
  const start = at < 0 && by < 0 ? 0 : at; // from the head of the column
  show(all[(start + by + all.length) % all.length]);
}

const KEYS = {
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  ArrowUp: () => stepDown(-1),
  ArrowDown: () => stepDown(1),
};

for (const button of document.querySelectorAll(".open")) {
  button.addEventListener("click", () => {
    show(button.closest(".case"));
    lightbox.showModal();
  });
}

lightbox.addEventListener("keydown", (event) => {
  if (!(event.key in KEYS)) return;
  event.preventDefault();
  KEYS[event.key]();
});
lightbox.addEventListener("click", (event) => {
  if (event.target === lightbox) lightbox.close(); // beside it
});
// The focus goes to the image that was shown last.
lightbox.addEventListener("close", () => current.querySelector(".open").focus());
document.getElementById("close").addEventListener("click", () => lightbox.close());
for (const button of lightbox.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => step(Number(button.dataset.step)));
}
document.getElementById("outlined").addEventListener("input", (event) => {
  setOutlines(event.target.checked);
});

function setOutlines(shown) {
  document.body.classList.toggle("no-outlines", !shown);
  for (const box of document.querySelectorAll("#outlined, .outlines")) box.checked = shown;
}

for (const box of document.querySelectorAll(".outlines")) {
  box.addEventListener("input", () => setOutlines(box.checked));
}
