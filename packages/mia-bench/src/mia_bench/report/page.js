// A table sorts by the column whose heading is pressed, and again the other way round.
function value(row, column) {
  const cell = row.cells[column];
  if (!("value" in cell.dataset)) return cell.textContent.trim();
  return cell.dataset.value === "" ? null : Number(cell.dataset.value);
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sortBy(table, column) {
  const headings = [...table.tHead.rows[0].cells];
  const numeric = headings[column].classList.contains("number");
  const first = headings[column].dataset.first ?? (numeric ? "descending" : "ascending");
  const second = first === "ascending" ? "descending" : "ascending";
  const order = headings[column].getAttribute("aria-sort") === first ? second : first;
  headings.forEach((heading) => heading.removeAttribute("aria-sort"));
  headings[column].setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  const rows = [...table.tBodies[0].rows].map((row) => [value(row, column), row]);
  // What has no value is last, whichever way.
  rows.sort(([a], [b]) => (a === null) - (b === null) || sign * compare(a, b));
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => sortBy(table, column));
  });
}

// The matrix and the diagram of the chosen metric; without scripts all of them are there.
const metric = document.getElementById("metric");

function showMetric() {
  for (const block of document.querySelectorAll(".by-metric")) {
    block.hidden = block.dataset.metric !== metric.value;
  }
}

if (metric) {
  metric.addEventListener("input", showMetric);
  showMetric();
}

const body = document.getElementById("table").tBodies[0];
const filter = document.getElementById("filter");
const shown = document.getElementById("shown");

filter.addEventListener("input", () => {
  const wanted = filter.value.trim().toLowerCase();
  let count = 0;
  for (const row of body.rows) {
    const names = `${row.cells[0].textContent} ${row.cells[1].textContent}`.toLowerCase();
    row.hidden = !names.includes(wanted);
    count += row.hidden ? 0 : 1;
  }
  shown.textContent = wanted ? `${count} of ${body.rows.length} rows` : "";
});

// Columns can be hidden. Until the reader chooses, those of costs that do not fit are.
const table = document.getElementById("table");
const columns = document.querySelector(".columns");
let chosen = false;

function setColumn(number, isShown) {
  for (const row of table.rows) row.cells[number].hidden = !isShown;
  columns.querySelectorAll("input")[number].checked = isShown;
}

function countHidden() {
  const hidden = [...table.tHead.rows[0].cells].filter((cell) => cell.hidden).length;
  document.getElementById("hidden-columns").textContent = hidden ? `(${hidden} hidden)` : "";
}

function fitColumns() {
  if (chosen) return;
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((_, number) => setColumn(number, true));
  const room = table.parentElement;
  for (let number = headings.length - 1; number >= 0; number -= 1) {
    if (room.scrollWidth <= room.clientWidth) break;
    if ("cost" in headings[number].dataset) setColumn(number, false);
  }
  countHidden();
}

[...table.tHead.rows[0].cells].forEach((heading, number) => {
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.addEventListener("input", () => {
    chosen = true;
    setColumn(number, box.checked);
    countHidden();
  });
  label.append(box, ` ${heading.textContent.trim()}`);
  columns.querySelector("fieldset").append(label);
});
columns.hidden = false;
fitColumns();
addEventListener("resize", fitColumns);

// The slider of a gallery frames what scores at or above its threshold.
const percent = (share) => `${(100 * share).toFixed(1)} %`;

for (const gallery of document.querySelectorAll(".gallery")) {
  const slider = gallery.querySelector("input[type=range]");
  const output = gallery.querySelector("output");
  const levels = JSON.parse(slider.dataset.levels);
  const redraw = () => {
    const threshold = levels.threshold[slider.value];
    for (const figure of gallery.querySelectorAll(".case")) {
      figure.classList.toggle("flagged", Number(figure.dataset.score) >= threshold);
    }
    output.textContent =
      `flags scores from ${threshold}: ${percent(levels.hits[slider.value])} of the abnormal, ` +
      `${percent(levels.false_alarms[slider.value])} of the normal test images`;
  };
  slider.addEventListener("input", redraw);
  redraw();
}

// A link to a method opens its block.
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();
