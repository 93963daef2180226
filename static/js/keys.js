// Keyboard: g and a letter go to a room, / filters, n makes new, ? helps; digits press what is marked
// data-digit. Never while someone types.
const KEY = "promptlab-single-keys";
const SECOND_KEY_MS = 1200;

const first = { pressed: "", at: 0 };

function isTyping({ target }) {
  return target.closest?.("input, textarea, select, [contenteditable]") != null;
}

function isOff() {
  try {
    return localStorage.getItem(KEY) === "off";
  } catch {
    return false;
  }
}

const single = {
  "?": () => document.getElementById("shortcuts")?.showModal(),
  t: () => globalThis.switchTheme(),
  n: () => document.querySelector("a[data-new]")?.click(),
  "/": () => document.querySelector("[data-filter]")?.focus(),
  j: () => step(1),
  k: () => step(-1),
};

// Rows that can be walked are marked data-step; the link in them takes the focus.
function step(by) {
  const rows = [...document.querySelectorAll("[data-step]")];
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[here < 0 ? (by > 0 ? 0 : rows.length - 1) : here + by];
  row?.querySelector("a, button")?.focus();
}

document.addEventListener("keydown", (event) => {
  // 229: an input method is composing; its keys are not commands.
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
  const { key } = event;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && key.toLowerCase() === "k") {
    if (!document.getElementById("palette")) return;
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("palette:open"));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event) || isOff()) return;
  if (document.querySelector("dialog[open]")) return;
  const answer = document.querySelector(`[data-digit="${CSS.escape(key)}"]`);
  if (answer) {
    event.preventDefault();
    answer.click();
    return;
  }
  const second = first.pressed === "g" && event.timeStamp - first.at < SECOND_KEY_MS;
  first.pressed = second ? "" : key;
  first.at = event.timeStamp;
  const link = second && document.querySelector(`[data-go="${CSS.escape(key)}"]`);
  if (link) link.click();
  else if (Object.hasOwn(single, key)) {
    event.preventDefault();
    single[key]();
  }
});

const choice = document.querySelector("[data-single-keys]");
if (choice) {
  choice.checked = !isOff();
  choice.addEventListener("change", () => {
    try {
      localStorage.setItem(KEY, choice.checked ? "on" : "off");
    } catch {
      choice.checked = true; // Cannot be kept.
    }
  });
}
