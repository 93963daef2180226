// Ctrl K: a list of pages and actions that the server allows here, fetched when it is first opened.
const palette = document.getElementById("palette");
const input = palette.querySelector("input");
const list = palette.querySelector("ul");
const note = palette.querySelector("p");

let items = null;
let shown = [];
let chosen = 0;

function option({ label, hint }, place) {
  const row = document.createElement("li");
  row.role = "option";
  row.id = `palette-${place}`;
  row.dataset.place = place;
  row.append(label);
  if (hint) {
    const beside = document.createElement("span");
    beside.textContent = hint;
    row.append(beside);
  }
  return row;
}

// What is named so comes first, then what begins so, then what has the words whole: Run 1, then Run 10.
function rank(label, words) {
  const name = label.toLowerCase();
  const said = words.join(" ");
  if (name === said) return 0;
  const parts = name.split(/[^\p{L}\p{N}]+/u);
  const whole = words.every((word) => parts.includes(word));
  if (name.startsWith(said)) return whole ? 1 : 2;
  return whole ? 3 : 4;
}

function filter() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  shown = (items ?? []).filter(({ label, hint = "" }) => {
    const text = `${label} ${hint}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  if (words.length) shown.sort((a, b) => rank(a.label, words) - rank(b.label, words));
  list.replaceChildren(...shown.map(option));
  list.hidden = !shown.length;
  note.textContent = shown.length || !items ? "" : palette.dataset.msgNone;
  note.hidden = !note.textContent;
  choose(0);
}

function choose(place) {
  chosen = shown.length ? (place + shown.length) % shown.length : 0;
  for (const row of list.children) row.ariaSelected = String(Number(row.dataset.place) === chosen);
  const row = list.children[chosen];
  row?.scrollIntoView({ block: "nearest" });
  if (row) input.setAttribute("aria-activedescendant", row.id);
  else input.removeAttribute("aria-activedescendant");
}

export async function open() {
  if (palette.open) return;
  input.value = "";
  palette.showModal();
  filter();
  if (items) return;
  note.hidden = false;
  note.textContent = palette.dataset.msgLoading;
  const answer = await fetch(palette.dataset.paletteUrl, { headers: { Accept: "application/json" } });
  items = answer.ok ? await answer.json() : [];
  filter();
}

function go() {
  const item = shown[chosen];
  if (!item) return;
  palette.close();
  location.assign(item.url);
}

input.addEventListener("input", filter);
input.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in steps) choose(chosen + steps[event.key]);
  else if (event.key === "Enter") go();
  else return;
  event.preventDefault();
});
list.addEventListener("pointermove", (event) => {
  const row = event.target.closest("li");
  if (row && Number(row.dataset.place) !== chosen) choose(Number(row.dataset.place));
});
list.addEventListener("click", (event) => {
  const row = event.target.closest("li");
  if (!row) return;
  choose(Number(row.dataset.place));
  go();
});
