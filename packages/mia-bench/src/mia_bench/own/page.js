"use strict";

// The slider frames what scores at or above its threshold.
const slider = document.querySelector("input[type=range]");
const output = document.querySelector("output");
const levels = JSON.parse(slider.dataset.levels);
const figures = document.querySelectorAll(".case");

function redraw() {
  const threshold = levels.threshold[slider.value];
  for (const figure of figures) {
    figure.classList.toggle("flagged", Number(figure.dataset.score) >= threshold);
  }
  output.textContent =
    `from ${Number(threshold.toPrecision(4))}: flags ${levels.flagged[slider.value]} images of this folder, ` +
    `at most ${Number((100 * levels.share[slider.value]).toPrecision(3))} % of the normal ones`;
}

slider.addEventListener("input", redraw);
redraw();
