// What is drawn of the document: boxes with their ports, wires, and what steps gave.
import { OUTPUT, WHEN, fieldOf, owner } from "./pipeline-graph-model.js";
import { Saved } from "./pipeline-graph-saved.js";
import { route, straight } from "./pipeline-graph-wires.js";

const BORDER = 1;
const ROOM = 420; // pixels of free sheet behind the last box

export function make(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

export function draw(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const name in attributes) made.setAttribute(name, attributes[name]);
  made.append(...children);
  return made;
}

export function put(part, x, y) {
  part.style.translate = `${x}px ${y}px`;
}

export class Sheet extends Saved {
  render() {
    const focused = document.activeElement?.closest?.("[data-key]")?.dataset.key;
    this.ends = new Map();
    this.drawn = new Map();
    this.world.replaceChildren(this.svg, ...this.graph.seen.map((box) => this.box(box)));
    this.measure();
    this.place();
    this.paint();
    this.tried();
    if (focused) this.find(focused)?.focus({ preventScroll: true });
  }

  // The box or port of this name.
  find(key) {
    return this.world.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  box(id) {
    const call = this.graph.call(id);
    const told = call?.told ?? this.graph.doc.told[id] ?? "";
    const trouble = this.graph.doc.problems[id];
    const name = this.title(id);
    const group = this.graph.doc.groups[id];
    const head = make("header", "", make("b", "", name), group ? this.fold("btn small", id, told) : make("i", "", told));
    head.firstChild.title = name;
    if (call?.box) head.append(this.fold("btn small", call.box, this.title(call.box), true));
    if (trouble) head.append(make("p", "trouble", trouble));
    const { ins, outs } = this.graph.shown(id);
    const box = make("section", `gbox ${call || group ? "" : "end"} ${trouble ? "off" : ""}`, head, this.ports(ins, "in"), this.ports(outs, "out"));
    box.tabIndex = 0;
    box.dataset.box = box.dataset.key = id;
    box.role = "group";
    box.ariaLabel = [name, told, trouble].filter(Boolean).join(", ");
    this.drawn.set(id, box);
    return box;
  }

  ports(rows, side) {
    return make("ul", side, ...rows.map((row) => make("li", "", this.port(row, side))));
  }

  fold(look, key, text, open) {
    const button = make("button", look, text);
    button.dataset.key = button.dataset.fold = key;
    button.ariaExpanded = Boolean(open);
    return button;
  }

  port({ key, field, fold, ports, count, open }, side) {
    for (const port of ports) this.ends.set(`${port}/${side}`, key);
    if (fold) {
      const button = this.fold("port", fold, this.message(side === "in" ? "inputs" : "outputs", { n: count }), open);
      button.dataset.side = side;
      return button;
    }
    const button = make("button", "port");
    const says = (text) => {
      const part = make("span", "", text);
      part.title = text;
      return part;
    };
    Object.assign(button.dataset, { key, side });
    const into = side === "in";
    const type = this.graph.type(field);
    const constant = into ? this.graph.call(owner(key))?.constants?.[field.name] : undefined;
    const when = field.name === WHEN;
    const values = this.graph.call(owner(key))?.when?.values ?? [];
    const shown = when ? `${this.message("when")} ${values.join(", ")}` : field.label || field.name;
    const wires = this.graph.wires.filter(({ from, to }) => (into ? to : from) === key);
    const trouble = into && this.graph.doc.problems[key];
    const guessed = into && wires.some((wire) => wire.guessed);
    const peers = wires.map(({ from, to }) => this.named(into ? from : to)).join(", ");
    const told = trouble || this.message(peers ? "connected" : "open", { peers });
    const mark = draw("svg", { viewBox: "-7 -7 14 14", "aria-hidden": "true" }, draw("path", { d: type.d }));
    button.append(mark, says(constant === undefined ? shown : `${shown} = ${JSON.stringify(constant)}`), make("i", "", type.label), make("span", "sr", `, ${told}`));
    button.dataset.port = key;
    button.className += ` t-${type.label} ${peers ? "" : "loose"} ${trouble ? "bad" : ""} ${guessed ? "guessed" : ""} ${when ? "when" : ""}`;
    button.title = trouble || (guessed ? this.message("guessed") : "");
    return button;
  }

  measure() {
    this.sizes = new Map();
    this.offsets = new Map();
    for (const [id, box] of this.drawn) {
      this.sizes.set(id, [box.offsetWidth, box.offsetHeight]);
      for (const port of box.querySelectorAll(".port")) {
        const { key, side } = port.dataset;
        this.offsets.set(`${key}/${side}`, [side === "in" ? 0 : box.offsetWidth, port.offsetTop + port.offsetHeight / 2 + BORDER]);
      }
    }
  }

  offset(port, side) {
    return this.offsets.get(`${this.ends.get(`${port}/${side}`)}/${side}`);
  }

  // Where a wire begins or ends on the sheet.
  end(port, side) {
    const [x, y] = this.graph.doc.places[this.graph.shownAs(port)];
    const [dx, dy] = this.offset(port, side);
    return [x + dx, y + dy];
  }

  // Wires, what is chosen, and how large the sheet is.
  paint() {
    const boxes = [...this.sizes].map(([id, [w, h]]) => {
      const [x, y] = this.graph.doc.places[id];
      return { id, x, y, w, h };
    });
    this.sheet = [Math.max(...boxes.map(({ x, w }) => x + w)), Math.max(...boxes.map(({ y, h }) => y + h))];
    Object.assign(this.world.style, { width: `${this.sheet[0] + ROOM}px`, height: `${this.sheet[1] + ROOM / 2}px` });
    const lanes = [];
    const parts = [];
    for (const { key, keys, from, tos, start, end, guessed } of this.bundles()) {
      const when = fieldOf(tos[0]) === WHEN ? "when" : "";
      const d = route(start, end, boxes, lanes);
      const type = this.graph.type(this.graph.field(from)).label;
      const look = `gwire t-${type} ${tos[1] ? "many" : ""} ${guessed ? "guessed" : ""} ${this.selected.has(key) ? "chosen" : ""} ${when}`;
      parts.push(draw("path", { d, class: look, "data-ends": keys }), draw("path", { d, class: `hit ${when}`, "data-wire": key }));
    }
    this.svg.replaceChildren(...parts);
    for (const [id, box] of this.drawn) box.classList.toggle("chosen", this.selected.has(id));
    this.map.paint();
  }

  // Wires as they are drawn: those of one folded port are one.
  bundles() {
    const found = new Map();
    for (const { from, to, guessed } of this.graph.wires) {
      const [a, b] = [this.ends.get(`${from}/out`), this.ends.get(`${to}/in`)];
      if (!a || !b) continue; // inside a folded group
      const keys = `${a} ${b}`;
      const bundle = found.get(keys);
      if (bundle) bundle.tos.push(to);
      else found.set(keys, { keys, key: `${from} ${to}`, from, tos: [to], start: this.end(from, "out"), end: this.end(to, "in"), guessed });
    }
    return found.values();
  }

  ghost(start, end) {
    this.svg.querySelector(".ghost")?.remove();
    if (end) this.svg.append(draw("path", { d: straight(start, end), class: "gwire ghost" }));
  }

  // Steps of a try-out light up when they begin, and show what they gave or why they failed.
  tried() {
    this.world.querySelectorAll(".given").forEach((given) => given.remove());
    for (const box of this.drawn.values()) box.classList.remove("running", "done", "failed");
    for (const step of this.querySelectorAll("#beside [data-step]")) {
      const box = this.drawn.get(this.graph.shownAs(step.dataset.step));
      box?.classList.add(step.dataset.now);
      const told = [...step.querySelectorAll("[data-value]")].map((value) => value.textContent.trim().replace(/\s+/g, " ")).join("\n");
      if (!box || !told) continue;
      const given = make("p", "given", told);
      given.title = told;
      box.append(given);
    }
  }
}
