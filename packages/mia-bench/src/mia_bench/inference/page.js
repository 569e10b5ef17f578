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
  const flagged = levels.flagged[slider.value];
  output.textContent =
    `from ${Number(threshold.toPrecision(4))}: flags ${flagged} image${flagged === 1 ? "" : "s"} of this folder, ` +
    `at most ${Number((100 * levels.share[slider.value]).toPrecision(3))} % of the normal ones`;
}

slider.addEventListener("input", redraw);
redraw();
