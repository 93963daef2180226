// Keys on <pipeline-graph>: everything that a mouse can do.
import { copy as toClipboard } from "./clipboard.js";
import { INPUT } from "./pipeline-graph-model.js";
import { aim, press } from "./pipeline-graph-pointer.js";

const STEP = 8;
const LEAP = 40;
const MOVED_MS = 600;
const typing = (part) => part.closest("input, textarea, select, [contenteditable]");
const removes = ({ key }) => key === "Delete" || key === "Backspace";
const begins = ({ key }) => key === "+" || key === "Insert";
// The next of some parts, as arrows go.
const walk = (parts, key) => parts[(parts.indexOf(document.activeElement) + by[key][0] + by[key][1] + parts.length) % parts.length]?.focus();
const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function watchKeys(canvas) {
  const { stage, menu } = canvas;

  const commands = {
    z: (event) => (event.shiftKey ? canvas.redo() : canvas.undo()),
    y: () => canvas.redo(),
    a: () => canvas.select(...canvas.graph.seen),
    c: () => copy(),
    x: async () => (await copy()) && canvas.remove(),
  };

  async function copy() {
    const calls = canvas.steps();
    if (!calls.length) return false;
    const answer = await fetch(`${canvas.dataset.part}?calls=${calls}`);
    if (!answer.ok) return false;
    await toClipboard(await answer.text());
    canvas.say("copied", { names: calls.join(", ") });
    return true;
  }

  // Each answers false where a key means nothing to it.

  function onPort(event, button) {
    const { port } = button.dataset;
    const { aimed } = canvas;
    if (!port) return false;
    if (event.key === "Enter" || event.key === " ") {
      if (!press(canvas, port)) return;
      if (canvas.fits.length) canvas.find(canvas.fits[0])?.focus();
      else begin(port, button);
    } else if (begins(event)) begin(aimed ?? port, button);
    else if (aimed && by[event.key]) walk(canvas.fits.map((end) => canvas.find(end)).filter(Boolean), event.key);
    else if (removes(event) && button.dataset.side === "in" && canvas.graph.source(port)) canvas.unwire(port);
    else return false;
  }

  function begin(port, button) {
    aim(canvas);
    const { right, top } = button.getBoundingClientRect();
    canvas.begin(port, canvas.graph.isOut(port) ? canvas.cleared(port) : canvas.beyond(), { clientX: right, clientY: top });
  }

  function onBox(event, box) {
    const chosen = canvas.selected.has(box) ? canvas.boxes() : [box];
    if (event.key === "Enter") {
      canvas.select(box);
      canvas.inspector.enter();
    } else if (event.key === " ") canvas.select(box);
    else if (begins(event)) {
      const [first] = canvas.graph.ports(box, "outs");
      if (first) begin(first, event.target);
    } else if (by[event.key]) {
      const size = event.shiftKey ? LEAP : STEP;
      canvas.move(chosen, by[event.key][0] * size, by[event.key][1] * size);
      canvas.later(MOVED_MS);
    } else if (removes(event)) {
      canvas.selected = new Set(chosen);
      canvas.remove();
    } else return false;
  }

  function onStage(event) {
    if (removes(event)) canvas.remove();
    else if (event.key === "Enter") canvas.find(INPUT)?.focus();
    else return false;
  }

  function onMenu(event) {
    if (event.key === "Escape") {
      menu.hidePopover();
      canvas.find(menu.dataset.back)?.focus();
    } else if (by[event.key]) walk([...menu.children], event.key);
    else return false;
  }

  function onKey(event) {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey) {
      const act = !event.altKey && commands[key.toLowerCase()];
      return act && !(key === "c" && String(getSelection())) ? act(event) : false;
    }
    if (menu.contains(target)) return onMenu(event);
    if (key === "Escape" && canvas.aimed) {
      canvas.find(canvas.aimed)?.focus();
      aim(canvas);
      return canvas.say("cancelled");
    }
    if (target.closest(".port")) return onPort(event, target.closest(".port"));
    if (target.matches(".gbox")) return onBox(event, target.dataset.box);
    return target === stage && onStage(event);
  }

  canvas.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    const beside = event.target.closest(".beside");
    if (event.key === "Escape" && beside) canvas.find(canvas.inspector.box)?.focus();
    if (!beside && !typing(event.target) && onKey(event) !== false) event.preventDefault();
  });

  // Steps from another program, or from a program file.
  document.addEventListener("paste", (event) => {
    if (typing(event.target) || !canvas.contains(document.activeElement)) return;
    const part = event.clipboardData.getData("text/plain");
    if (!part.startsWith("{")) return;
    event.preventDefault();
    canvas.paste(part);
  });
}
