// Mouse, pen and fingers on <pipeline-graph>.
import { OUTPUT, WHEN, fieldOf, owner } from "./pipeline-graph-model.js";
import { put } from "./pipeline-graph-sheet.js";

const A_MOVE = 4; // pixels from which a press is a drag
const between = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);

// Follow a pointer until it is let go; `drop` is told whether it was dragged.
function follow(element, down, { drag, drop, quit }) {
  const listening = new AbortController();
  let dragged = false;
  const move = (event) => {
    if (event.pointerId !== down.pointerId) return;
    dragged ||= between(down, event) > A_MOVE;
    if (dragged) drag(event);
  };
  const end = (event) => {
    if (event.pointerId !== down.pointerId) return;
    listening.abort();
    if (event.type === "pointercancel") return quit?.();
    if (dragged) drag(event);
    drop(event, dragged);
  };
  const { signal } = listening;
  element.addEventListener("pointermove", move, { signal });
  element.addEventListener("pointerup", end, { signal });
  element.addEventListener("pointercancel", end, { signal });
  element.setPointerCapture(down.pointerId);
}

const under = ({ clientX, clientY }, selector) => document.elementsFromPoint(clientX, clientY).find((part) => part.matches(selector));

// Which end a wire would have here: a port, or a box in which one fits or which takes anything.
function target(canvas, port, event) {
  const out = canvas.graph.isOut(port);
  const found = under(event, `.port[data-side=${out ? "in" : "out"}]`)?.dataset.port;
  if (found) return found;
  const box = under(event, ".gbox")?.dataset.box;
  const { graph } = canvas;
  if (!box || box === graph.shownAs(port)) return;
  if (out && box === OUTPUT) return OUTPUT;
  const fits = canvas.fits.filter((end) => graph.shownAs(end) === box && fieldOf(end) !== WHEN);
  return fits.find((end) => !graph.source(out ? end : port)) ?? fits[0];
}

export function aim(canvas, port) {
  canvas.aimed = port;
  canvas.fits = port ? canvas.graph.fitting(port) : [];
  canvas.toggleAttribute("data-aiming", Boolean(port));
  for (const button of canvas.world.querySelectorAll(".port")) {
    button.classList.toggle("fits", canvas.fits.includes(button.dataset.port));
    button.classList.toggle("aimed", Boolean(port) && button.dataset.port === port);
  }
}

// One press begins a wire, the next one ends it; whether one begins.
export function press(canvas, port) {
  const { aimed, graph } = canvas;
  aim(canvas);
  if (aimed === port) return false;
  if (aimed && graph.isOut(aimed) !== graph.isOut(port)) return canvas.connect(...graph.wire(aimed, port));
  aim(canvas, port);
  canvas.say(canvas.fits.length ? "aim" : "aimless", { n: canvas.fits.length, port: canvas.named(port) });
  return true;
}

// The reason why it cannot end where the pointer is, before it is let go.
function hint(canvas, port, end, event) {
  const place = canvas.querySelector(".graph-hint");
  const refusal = end && canvas.graph.refusal(...canvas.graph.wire(port, end));
  const text = refusal ? canvas.message(...refusal) : "";
  place.textContent = text;
  place.hidden = !text;
  put(place, Math.min(event.clientX + 14, innerWidth - place.offsetWidth - 8), event.clientY + 14);
}

function land(canvas, port, end, event) {
  if (!end) {
    if (under(event, ".stage")) canvas.begin(port, canvas.point(event), event);
    return;
  }
  canvas.connect(...canvas.graph.wire(port, end));
}

export function watchPointer(canvas) {
  const { stage } = canvas;

  const calm = () => {
    canvas.ghost();
    canvas.querySelector(".graph-hint").hidden = true;
    aim(canvas);
  };

  const wire = (down, button) => {
    const { port, side } = button.dataset;
    // The end of a wire that is there is taken off its port and led elsewhere.
    const had = side === "in" ? canvas.graph.source(port) : "";
    const loose = had || port;
    const start = canvas.end(loose, had || side === "out" ? "out" : "in");
    follow(stage, down, {
      drag(event) {
        if (canvas.aimed !== loose) aim(canvas, loose);
        canvas.ghost(start, canvas.point(event));
        hint(canvas, loose, target(canvas, loose, event), event);
      },
      drop(event, dragged) {
        if (!dragged) {
          button.focus({ preventScroll: true });
          return press(canvas, port);
        }
        const end = target(canvas, loose, event);
        calm();
        if (end === port) return;
        if (had && !end) return canvas.unwire(port);
        if (had && end && end !== OUTPUT && fieldOf(end) !== WHEN && !canvas.graph.refusal(had, end)) canvas.graph.disconnect(port);
        land(canvas, loose, end, event);
      },
      quit: calm,
    });
  };

  const box = (down, id) => {
    const many = canvas.selected.has(id) && canvas.selected.size > 1;
    const moving = many ? canvas.boxes() : [id];
    const before = Object.fromEntries(moving.map((one) => [one, canvas.places[one]]));
    let last = down;
    follow(stage, down, {
      drag(event) {
        canvas.move(moving, (event.clientX - last.clientX) / canvas.k, (event.clientY - last.clientY) / canvas.k);
        last = event;
      },
      drop(event, dragged) {
        if (dragged) {
          for (const one of moving) canvas.places[one] = canvas.places[one].map(Math.round);
          return canvas.commit(() => {}, "moved");
        }
        canvas.drawn.get(id)?.focus({ preventScroll: true });
        if (down.shiftKey) canvas.select(...(canvas.selected.has(id) ? canvas.boxes().filter((one) => one !== id) : [...canvas.selected, id]));
        else canvas.select(id);
      },
      quit() {
        Object.assign(canvas.places, before);
        canvas.place();
        canvas.paint();
      },
    });
  };

  // On the empty sheet: a mouse moves it, with Shift it chooses what it goes around.
  const sheet = (down) => {
    const at = canvas.point(down);
    const from = [stage.scrollLeft, stage.scrollTop];
    follow(stage, down, {
      drag(event) {
        if (!down.shiftKey) return stage.scrollTo(from[0] - event.clientX + down.clientX, from[1] - event.clientY + down.clientY);
        const to = canvas.point(event);
        const [x1, x2] = [at[0], to[0]].sort((a, b) => a - b);
        const [y1, y2] = [at[1], to[1]].sort((a, b) => a - b);
        const inside = canvas.graph.seen.filter((id) => {
          const [[x, y], [w, h]] = [canvas.places[id], canvas.sizes.get(id)];
          return x < x2 && x + w > x1 && y < y2 && y + h > y1;
        });
        canvas.selected = new Set(inside);
        canvas.paint();
      },
      drop(event, dragged) {
        if (dragged) return;
        aim(canvas);
        canvas.select();
        stage.focus({ preventScroll: true });
      },
    });
  };

  stage.addEventListener("pointerdown", (event) => {
    // What moves the sheet is the browser's.
    const { target: over, offsetX, offsetY } = event;
    if (event.button || (over === stage && (offsetX > stage.clientWidth || offsetY > stage.clientHeight))) return;
    if (over.closest("[data-fold]")) return;
    const port = over.closest(".port");
    const id = over.closest(".gbox")?.dataset.box;
    const key = over.dataset.wire;
    const touch = event.pointerType === "touch";
    if (port) {
      event.preventDefault();
      wire(event, port);
    } else if (id) {
      if (touch && !over.closest("header")) return;
      box(event, id);
    } else if (key) {
      canvas.select(key);
      canvas.say("chosen-wire", { to: canvas.named(key.split(" ")[1]) });
      stage.focus({ preventScroll: true });
    } else if (!touch) sheet(event);
  });
  // Folded ports, and a finger on the body of a box: presses that are no drags.
  stage.addEventListener("click", (event) => {
    const fold = event.target.closest("[data-fold]")?.dataset.fold;
    if (fold) return canvas.toggleFold(fold);
    if (event.pointerType === "touch" && !event.target.closest("header, .port")) {
      const id = event.target.closest(".gbox")?.dataset.box;
      if (id) canvas.select(id);
      else aim(canvas);
    }
  });

  // A port shows its wires alone.
  const look = (key) => {
    canvas.toggleAttribute("data-looking", Boolean(key));
    for (const path of canvas.svg.querySelectorAll("[data-ends]")) {
      path.classList.toggle("seen", Boolean(key) && path.dataset.ends.split(" ").includes(key));
    }
  };
  stage.addEventListener("pointerover", (event) => look(event.target.closest(".port")?.dataset.key));
  stage.addEventListener("pointerleave", () => look());

  stage.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      canvas.zoom(canvas.k * Math.exp(-event.deltaY / 300), event);
    },
    { passive: false },
  );
  watchPinch(canvas);
  watchPalette(canvas);
}

function watchPinch(canvas) {
  const { stage } = canvas;
  let apart = 0;
  stage.addEventListener(
    "touchmove",
    (event) => {
      if (event.touches.length !== 2) return;
      event.preventDefault();
      const [a, b] = event.touches;
      const now = between(a, b);
      if (apart) canvas.zoom((canvas.k * now) / apart, { clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 });
      apart = now;
    },
    { passive: false },
  );
  stage.addEventListener("touchend", () => {
    apart = 0;
  });
}

// Kinds are dragged onto the sheet, onto a wire, or pressed.
function watchPalette(canvas) {
  const place = canvas.querySelector(".palette");
  let pressed;
  place.addEventListener("pointerdown", (down) => {
    const kind = down.target.closest("[data-module]");
    if (!kind || down.button) return;
    const shadow = kind.cloneNode(true);
    shadow.classList.add("shadow");
    shadow.setAttribute("aria-hidden", "true");
    follow(kind, down, {
      drag(event) {
        if (!shadow.isConnected) canvas.append(shadow);
        put(shadow, event.clientX + 6, event.clientY + 6);
        const over = under(event, ".hit:not(.when)")?.dataset.wire;
        for (const path of canvas.svg.querySelectorAll(".hit")) path.classList.toggle("over", path.dataset.wire === over);
      },
      drop(event, dragged) {
        shadow.remove();
        pressed = !dragged;
        const inside = document.elementFromPoint(event.clientX, event.clientY)?.closest(".stage");
        if (!dragged || !inside) return;
        const [from, to] = under(event, ".hit:not(.when)")?.dataset.wire.split(" ") ?? [];
        const [x, y] = canvas.point(event);
        canvas.add(kind, { at: [x - 40, y - 20], from, to });
      },
      quit: () => shadow.remove(),
    });
  });
  place.addEventListener("click", (event) => {
    const kind = event.target.closest("[data-module]");
    if (kind && (pressed || !event.detail)) canvas.add(kind);
    pressed = false;
  });
}
