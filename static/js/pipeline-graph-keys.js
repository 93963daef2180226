// Keys on <pipeline-graph>: everything that a mouse can do.
import { copy as toClipboard } from "./clipboard.js";
import { INPUT, OUTPUT, owner } from "./pipeline-graph-model.js";
import { aim } from "./pipeline-graph-pointer.js";

const STEP = 8;
const LEAP = 40;
const MOVED_MS = 600;
const typing = (part) => part.closest("input, textarea, select, [contenteditable]");
const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function watchKeys(canvas) {
  const { stage, menu } = canvas;

  const commands = {
    z: (event) => (event.shiftKey ? canvas.redo() : canvas.undo()),
    y: () => canvas.redo(),
    a: () => canvas.select(...canvas.graph.boxes),
    c: () => copy(),
    x: async () => (await copy()) && canvas.remove(),
  };

  async function copy() {
    const calls = canvas.boxes().filter((box) => canvas.graph.call(box));
    if (!calls.length) return false;
    const address = `${canvas.dataset.part}?${new URLSearchParams({ calls })}`;
    const answer = await fetch(address);
    if (!answer.ok) return false;
    const part = JSON.parse(await answer.text());
    const [left, top] = [0, 1].map((i) => Math.min(...calls.map((call) => canvas.places[call][i])));
    part.places = Object.fromEntries(calls.map((call) => [call, [canvas.places[call][0] - left, canvas.places[call][1] - top]]));
    await toClipboard(JSON.stringify(part, null, 2));
    canvas.say("copied", { names: calls.join(", ") });
    return true;
  }

  function choose(key) {
    const fits = canvas.fits.map((end) => canvas.find(end)).filter(Boolean);
    const here = fits.indexOf(document.activeElement);
    const step = by[key][0] + by[key][1];
    fits[(here + step + fits.length) % fits.length]?.focus();
  }

  function onPort(event, button) {
    const { port } = button.dataset;
    const { aimed } = canvas;
    if (!port) return false;
    if (event.key === "Enter" || event.key === " ") {
      if (!aimed) {
        aim(canvas, port);
        if (!canvas.fits.length) return begin(port, button);
        canvas.say("aim", { n: canvas.fits.length, port: canvas.named(port) });
        canvas.find(canvas.fits[0])?.focus();
        return true;
      }
      aim(canvas);
      if (aimed === port) return true;
      canvas.connect(...canvas.graph.wire(aimed, port));
      return true;
    }
    if (event.key === "+" || event.key === "Insert") return begin(aimed ?? port, button);
    if (aimed && by[event.key]) return choose(event.key), true;
    if ((event.key === "Delete" || event.key === "Backspace") && button.dataset.side === "in" && canvas.graph.source(port)) {
      canvas.commit((graph) => graph.disconnect(port), "unwired", { to: canvas.named(port) });
      return true;
    }
    return false;
  }

  function begin(port, button) {
    aim(canvas);
    const { right, top } = button.getBoundingClientRect();
    canvas.begin(port, canvas.graph.isOut(port) ? canvas.cleared(owner(port)) : canvas.beyond(), { clientX: right, clientY: top });
    return true;
  }

  function onBox(event, box) {
    const chosen = canvas.selected.has(box) ? canvas.boxes() : [box];
    if (event.key === "Enter") {
      canvas.select(box);
      canvas.inspector.enter();
    } else if (event.key === " ") {
      canvas.select(box);
    } else if (event.key === "+" || event.key === "Insert") {
      const [first] = canvas.graph.outs(box);
      if (first) begin(`${box}.${first.name}`, event.target);
    } else if (by[event.key]) {
      const size = event.shiftKey ? LEAP : STEP;
      canvas.move(chosen, by[event.key][0] * size, by[event.key][1] * size);
      canvas.later(MOVED_MS);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      if (!canvas.selected.has(box)) canvas.selected = new Set([box]);
      canvas.remove();
    } else return false;
    return true;
  }

  function onStage(event) {
    if (event.key === "Delete" || event.key === "Backspace") canvas.remove();
    else if (event.key === "Enter") canvas.find(INPUT)?.focus();
    else return false;
    return true;
  }

  canvas.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape" && event.target.closest(".beside")) canvas.find(canvas.inspector.box)?.focus();
    if (typing(event.target) || event.target.closest(".beside")) return;
    const mod = event.ctrlKey || event.metaKey;
    let done = false;
    if (mod) {
      const act = !event.altKey && commands[event.key.toLowerCase()];
      if (act && !(event.key === "c" && String(getSelection()))) done = act(event) !== false;
    } else if (event.target.closest(".graph-menu")) {
      done = onMenu(event);
    } else if (event.key === "Escape" && canvas.aimed) {
      const { aimed } = canvas;
      aim(canvas);
      canvas.say("cancelled");
      canvas.find(aimed)?.focus();
      done = true;
    } else if (event.target.closest(".port")) done = onPort(event, event.target.closest(".port"));
    else if (event.target.matches(".gbox")) done = onBox(event, event.target.dataset.box);
    else if (event.target === stage) done = onStage(event);
    if (done) event.preventDefault();
  });

  function onMenu(event) {
    const items = [...menu.querySelectorAll("button")];
    if (event.key === "Escape") {
      menu.hidePopover();
      canvas.find(menu.dataset.back)?.focus();
    } else if (by[event.key]) {
      const step = by[event.key][0] + by[event.key][1];
      items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
    } else return false;
    return true;
  }

  // Steps from another program, or from a program file.
  document.addEventListener("paste", (event) => {
    if (typing(event.target) || !canvas.contains(document.activeElement)) return;
    let part;
    try {
      part = JSON.parse(event.clipboardData.getData("text/plain"));
    } catch {
      return;
    }
    if (!Array.isArray(part?.modules) || !Array.isArray(part.calls)) return;
    event.preventDefault();
    const at = canvas.room(canvas.beyond(canvas.boxes()[0] ?? OUTPUT), "");
    let names;
    canvas.commit((graph) => {
      names = graph.paste(part, at);
    });
    canvas.select(...names);
    canvas.say("pasted", { names: names.join(", ") });
  });
}
