// <pipeline-graph>: a program as boxes and wires. The textarea inside is the truth: each gesture
// writes it, the server checks and saves it, and what comes back is drawn.
import { tidy } from "./pipeline-graph-layout.js";
import { Graph, INPUT, OUTPUT, WHEN, fieldOf, owner } from "./pipeline-graph-model.js";
import { Inspector } from "./pipeline-graph-inspector.js";
import { watchKeys } from "./pipeline-graph-keys.js";
import { MiniMap } from "./pipeline-graph-map.js";
import { watchPointer } from "./pipeline-graph-pointer.js";
import { route, straight } from "./pipeline-graph-wires.js";

const SVG = "http://www.w3.org/2000/svg";
const ROOM = 420; // pixels of free sheet behind the last box
const [LEAST, MOST] = [0.25, 2];
const READABLE = 0.8; // the smallest at which a program is first shown
const AGAIN_MS = 5000;

function make(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

function draw(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

export class PipelineGraph extends HTMLElement {
  connectedCallback() {
    this.stage = this.querySelector(".stage");
    this.world = make("div", "world");
    this.svg = draw("svg", { class: "gwires", "aria-hidden": "true" });
    this.world.append(this.svg);
    this.stage.append(this.world);
    this.live = this.querySelector("[data-live]");
    this.menu = this.querySelector(".graph-menu");
    this.k = 1;
    this.selected = new Set();
    this.unsaved = 0;
    this.inspector = new Inspector(this, this.querySelector(".beside"));
    this.map = new MiniMap(this, this.querySelector(".minimap"));
    this.read();
    watchPointer(this);
    watchKeys(this);
    this.addEventListener("click", (event) => {
      const act = event.target.closest("[data-act]")?.dataset.act;
      if (act) this[act](event);
    });
    this.swapped = () => {
      this.read();
      this.tried();
    };
    document.addEventListener("htmx:after:swap", this.swapped);
    document.addEventListener("htmx:ws:after:message:incoming", () => this.tried());
    addEventListener("online", () => this.unsaved && this.save());
    new ResizeObserver(() => this.map.paint()).observe(this.stage);
    this.first();
    // Letters of another face have another width.
    document.fonts.ready.then(() => {
      if (this.tidyFirst && !this.unsaved) this.graph.doc.places = {};
      this.render();
      this.first();
    });
  }

  disconnectedCallback() {
    document.removeEventListener("htmx:after:swap", this.swapped);
  }

  get form() {
    return document.getElementById("canvas-state");
  }

  get textarea() {
    return this.form.elements.graph;
  }

  // --- what is said ------------------------------------------------------------------------------

  message(name, values = {}) {
    const text = this.dataset[`msg${name[0].toUpperCase()}${name.slice(1)}`] ?? name;
    return text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
  }

  say(name, values) {
    this.live.textContent = this.message(name, values);
  }

  title(box) {
    return box === INPUT || box === OUTPUT ? this.message(box.replace("@", "")) : box;
  }

  named(port) {
    return `${this.title(owner(port))}.${fieldOf(port)}`;
  }

  // --- the document --------------------------------------------------------------------------------

  read() {
    const { textarea } = this;
    // A morph keeps the element, and what was written into it; its name is the change's.
    if (this.seen === textarea.id) {
      if (!this.unsaved && !this.sending && !this.held) this.state("saved");
      return;
    }
    const opened = this.graph?.opened;
    const before = this.graph?.doc.revision;
    this.seen = textarea.id;
    textarea.value = textarea.textContent;
    const drawn = this.graph && { ...this.graph.doc, revision: 0 };
    this.graph = new Graph(textarea.value);
    const same = JSON.stringify(drawn) === JSON.stringify({ ...this.graph.doc, revision: 0 });
    if (opened) this.graph.opened = opened;
    this.held = "held" in this.form.dataset;
    if (this.held) this.state("held");
    else if (!this.unsaved) this.state("saved");
    this.selected = new Set([...this.selected].filter((box) => this.graph.boxes.includes(box)));
    if (!same) this.render();
    if (before && this.walked) this.inspector.renew();
    this.walked = false;
  }

  commit(change, said, values) {
    change(this.graph);
    this.textarea.value = this.graph.text;
    this.render();
    if (said) this.say(said, values);
    this.save();
  }

  later(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), ms);
  }

  async save() {
    clearTimeout(this.timer);
    this.unsaved += 1;
    this.dataset.changed = "1";
    if (this.busy || this.sending || this.held) return;
    this.busy = true;
    const number = this.unsaved;
    this.textarea.value = this.graph.text;
    const answer = await this.send(this.form.action, new FormData(this.form));
    await this.hold;
    this.busy = false;
    if (!answer) {
      this.later(AGAIN_MS);
    } else if (number !== this.unsaved && answer.status === 200) {
      // Something was drawn meanwhile: it goes on from what was saved just now.
      this.follow(answer.text);
      this.unsaved = 0;
      this.save();
    } else {
      this.unsaved = 0;
      delete this.dataset.changed;
      this.show(answer.text);
    }
  }

  // Only which revision it is now: what was done since goes on from there.
  follow(text) {
    const came = new DOMParser().parseFromString(text.replaceAll("hx-partial", "div"), "text/html");
    this.form.elements.revision.value = came.querySelector("#canvas-state [name=revision]").value;
  }

  async walk(way) {
    if (this.unsaved || this.held) return;
    const answer = await this.send(this.dataset[way], new FormData(this.form));
    if (!answer) return;
    this.walked = true;
    this.show(answer.text);
    this.say(answer.status === 200 ? way : "nothing");
  }

  async send(url, body) {
    this.sending = true;
    this.state("saving");
    body.delete(url === this.form.action ? "" : "graph");
    try {
      const answer = await fetch(url, { method: "POST", body, headers: { "HX-Request": "true" } });
      const text = await answer.text();
      if ([200, 409, 422].includes(answer.status)) return { status: answer.status, text };
      this.state("failed");
    } catch {
      this.state("offline");
    } finally {
      this.sending = false;
    }
  }

  show(text) {
    htmx.swap({ sourceElement: this, target: "#canvas-state", swap: "outerMorph", text });
  }

  state(name) {
    const place = this.querySelector("[data-state]");
    place.dataset.state = name;
    place.textContent = this.message(name);
    const { canUndo, canRedo } = this.form.dataset;
    for (const [way, can] of [["undo", canUndo], ["redo", canRedo]]) {
      this.querySelector(`[data-act=${way}]`).setAttribute("aria-disabled", String(!can));
    }
  }

  undo() {
    this.walk("undo");
  }

  redo() {
    this.walk("redo");
  }

  take() {
    location.reload();
  }

  tryOut() {
    // What keeps it from running is told below.
    if (!this.graph.doc.urls["@try"]) return document.getElementById("program-problems").scrollIntoView();
    this.selected.clear();
    this.paint();
    this.inspector.open("@try");
  }

  // Steps of a try-out light up when they begin, and show what they gave or why they failed.
  tried() {
    this.world.querySelectorAll(".given").forEach((given) => given.remove());
    for (const box of this.drawn.values()) box.classList.remove("running", "done", "failed");
    for (const step of this.querySelectorAll("#beside [data-step]")) {
      const box = this.drawn.get(step.dataset.step);
      box?.classList.add(step.dataset.now);
      const values = [...step.querySelectorAll("[data-value]")].map((value) => value.textContent.trim().replace(/\s+/g, " "));
      if (!box || !values.length) continue;
      const given = make("p", "given", values.join("\n"));
      given.title = given.textContent;
      box.append(given);
    }
  }

  over() {
    this.held = false;
    this.walked = true;
    this.form.querySelector(".callout")?.remove();
    this.save();
  }

  // --- drawing -------------------------------------------------------------------------------------

  render() {
    const focused = document.activeElement?.closest?.("[data-key]")?.dataset.key;
    this.world.querySelectorAll(".gbox").forEach((box) => box.remove());
    this.ends = new Map();
    this.drawn = new Map();
    for (const box of this.graph.boxes) this.world.append(this.box(box));
    this.measure();
    this.place();
    this.paint();
    this.tried();
    if (focused) this.find(focused)?.focus({ preventScroll: true });
  }

  find(key) {
    return this.world.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  box(id) {
    const call = this.graph.call(id);
    const told = call ? call.told ?? "" : this.message(id === INPUT ? "takes" : "gives");
    const trouble = this.graph.doc.problems[id];
    const title = make("b", "", this.title(id));
    title.title = this.title(id);
    const head = make("header", "", title, make("i", "", told));
    if (trouble) head.append(make("p", "trouble", trouble));
    const { ins, outs } = this.graph.shown(id);
    const box = make("section", "gbox", head, this.ports(ins, "in"), this.ports(outs, "out"));
    if (!call) box.classList.add("end");
    if (trouble) box.classList.add("off");
    box.tabIndex = 0;
    box.dataset.box = box.dataset.key = id;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", [this.title(id), told, trouble].filter(Boolean).join(", "));
    this.drawn.set(id, box);
    return box;
  }

  ports(rows, side) {
    return make("ul", side, ...rows.map((row) => this.port(row, side)));
  }

  port(row, side) {
    const button = make("button", "port");
    button.type = "button";
    button.dataset.key = row.key;
    button.dataset.side = side;
    if (row.fold) {
      button.dataset.fold = row.fold;
      button.append(make("span", "", this.message(side === "in" ? "inputs" : "outputs", { n: row.count })));
      button.setAttribute("aria-expanded", String(row.open));
    } else {
      const type = this.graph.type(row.field);
      const [port] = row.ports;
      const constant = this.graph.call(owner(port))?.constants?.[row.field.name];
      const shown = row.field.name === WHEN ? this.message("when") : row.field.label || row.field.name;
      const name = make("span", "", constant === undefined || side === "out" ? shown : `${shown} = ${JSON.stringify(constant)}`);
      name.title = name.textContent;
      const wires = this.graph.wires.filter(({ from, to }) => (side === "in" ? to : from) === port);
      const trouble = side === "in" ? this.graph.doc.problems[port] : "";
      const peers = wires.map(({ from, to }) => this.named(side === "in" ? from : to)).join(", ");
      const told = trouble || this.message(peers ? "connected" : "open", { peers });
      button.dataset.port = port;
      button.append(this.mark(type.d), name, make("i", "", type.label), make("span", "sr", `, ${told}`));
      button.classList.add(`t-${type.label.split(" ")[0]}`);
      button.classList.toggle("loose", !wires.length);
      button.classList.toggle("bad", Boolean(trouble));
      button.classList.toggle("guessed", wires.some(({ guessed }) => guessed && side === "in"));
      if (trouble) button.title = trouble;
      else if (button.classList.contains("guessed")) button.title = this.message("guessed");
    }
    for (const port of row.ports) this.ends.set(`${port}/${side}`, row.key);
    return make("li", "", button);
  }

  mark(d) {
    const mark = draw("svg", { viewBox: "-7 -7 14 14", "aria-hidden": "true" });
    mark.append(draw("path", { d }));
    return mark;
  }

  measure() {
    this.sizes = new Map();
    this.offsets = new Map();
    for (const [id, box] of this.drawn) this.sizes.set(id, [box.offsetWidth, box.offsetHeight]);
    for (const port of this.world.querySelectorAll(".port")) {
      const box = port.closest(".gbox");
      const { top, height } = port.getBoundingClientRect();
      const y = (top + height / 2 - box.getBoundingClientRect().top) / this.k;
      const x = port.dataset.side === "in" ? 0 : this.sizes.get(box.dataset.box)[0];
      this.offsets.set(`${port.dataset.key}/${port.dataset.side}`, [x, y]);
    }
  }

  // Boxes that have no place yet: all of them tidied, or one after the other where there is room.
  place() {
    const { places } = this.graph.doc;
    const missing = this.graph.boxes.filter((box) => !places[box]);
    if (missing.length === this.graph.boxes.length) {
      this.tidyFirst = true;
      this.graph.doc.places = this.tidied();
    }
    else for (const box of missing) places[box] = this.room(this.wished(box), box);
    for (const [id, box] of this.drawn) {
      const [x, y] = this.graph.doc.places[id];
      box.style.setProperty("translate", `${x}px ${y}px`);
    }
  }

  wished(box) {
    const { places } = this.graph.doc;
    const sources = this.graph.wires.filter(({ from, to }) => owner(to) === box && places[owner(from)]);
    const rights = sources.map(({ from }) => places[owner(from)][0] + this.sizes.get(owner(from))[0]);
    const all = this.graph.boxes.filter((other) => places[other]).map((other) => places[other][0] + this.sizes.get(other)[0]);
    const top = sources.length ? places[owner(sources[0].from)][1] : 32;
    return [Math.max(...(rights.length ? rights : all)) + 72, top];
  }

  room([x, y], box) {
    const [w, h] = this.sizes.get(box) ?? [220, 110];
    const { places } = this.graph.doc;
    const taken = ([px, py]) =>
      this.graph.boxes.find((other) => {
        if (other === box || !places[other] || !this.sizes.has(other)) return false;
        const [[ox, oy], [ow, oh]] = [places[other], this.sizes.get(other)];
        return px < ox + ow + 12 && ox < px + w + 12 && py < oy + oh + 12 && oy < py + h + 12;
      });
    let spot = [Math.max(8, Math.round(x)), Math.max(8, Math.round(y))];
    for (let hit = taken(spot); hit; hit = taken(spot)) spot = [spot[0], places[hit][1] + this.sizes.get(hit)[1] + 24];
    return spot;
  }

  tidied() {
    const at = (port, side) => this.offsets.get(`${this.ends.get(`${port}/${side}`)}/${side}`)?.[1] ?? 0;
    const links = this.graph.wires.map(({ from, to }) => [owner(from), owner(to), at(from, "out"), at(to, "in")]);
    const once = new Map(links.map((link) => [link.join(), link]));
    const places = tidy(this.sizes, [...once.values()], OUTPUT);
    // A small program stands where one looks first.
    const bottom = Math.max(...Object.entries(places).map(([id, [, y]]) => y + this.sizes.get(id)[1]));
    const down = Math.round(Math.min(160, Math.max(0, (this.stage.clientHeight - bottom) / 3)));
    return Object.fromEntries(Object.entries(places).map(([id, [x, y]]) => [id, [x, y + down]]));
  }

  end(port, side) {
    const key = this.ends.get(`${port}/${side}`);
    const offset = this.offsets.get(`${key}/${side}`);
    const place = this.graph.doc.places[owner(port)];
    return offset && place && [place[0] + offset[0], place[1] + offset[1]];
  }

  // Wires, what is chosen, and how large the sheet is.
  paint() {
    const boxes = [...this.sizes].map(([id, [w, h]]) => {
      const [x, y] = this.graph.doc.places[id];
      return { id, x, y, w, h };
    });
    this.sheet = [Math.max(...boxes.map(({ x, w }) => x + w)), Math.max(...boxes.map(({ y, h }) => y + h))];
    this.world.style.setProperty("width", `${this.sheet[0] + ROOM}px`);
    this.world.style.setProperty("height", `${this.sheet[1] + ROOM / 2}px`);
    const lanes = [];
    const parts = [];
    for (const wire of this.bundles()) {
      const way = route(wire.start, wire.end, boxes, lanes);
      const type = this.graph.type(this.graph.field(wire.from)).label.split(" ")[0];
      const chosen = this.selected.has(wire.key) ? " chosen" : "";
      const look = `${wire.n > 1 ? " many" : ""}${wire.guessed ? " guessed" : ""}${chosen}`;
      parts.push(draw("path", { d: way, class: `gwire t-${type}${look}`, "data-ends": wire.keys }));
      parts.push(draw("path", { d: way, class: "hit", "data-wire": wire.key }));
    }
    this.svg.replaceChildren(...parts);
    for (const [id, box] of this.drawn) box.classList.toggle("chosen", this.selected.has(id));
    this.map.paint();
  }

  // Wires as they are drawn: those of one folded port are one.
  bundles() {
    const found = new Map();
    for (const { from, to, guessed } of this.graph.wires) {
      const keys = `${this.ends.get(`${from}/out`)} ${this.ends.get(`${to}/in`)}`;
      const bundle = found.get(keys);
      if (bundle) bundle.n += 1;
      else {
        const [start, end] = [this.end(from, "out"), this.end(to, "in")];
        if (start && end) found.set(keys, { keys, key: `${from} ${to}`, from, to, start, end, guessed, n: 1 });
      }
    }
    return found.values();
  }

  ghost(start, end) {
    this.svg.querySelector(".ghost")?.remove();
    if (end) this.svg.append(draw("path", { d: straight(start, end), class: "gwire ghost" }));
  }

  // --- looking -------------------------------------------------------------------------------------

  zoom(k, at) {
    const { stage } = this;
    const [px, py] = at ?? [stage.clientWidth / 2, stage.clientHeight / 2];
    const [x, y] = [(stage.scrollLeft + px) / this.k, (stage.scrollTop + py) / this.k];
    this.k = Math.min(MOST, Math.max(LEAST, k));
    this.world.style.setProperty("transform", `scale(${this.k})`);
    this.stage.style.setProperty("background-size", `${24 * this.k}px ${24 * this.k}px`);
    this.toggleAttribute("data-far", this.k < 0.5);
    stage.scrollTo(x * this.k - px, y * this.k - py);
    this.querySelector("[data-zoom]").textContent = `${Math.round(100 * this.k)}%`;
    this.map.paint();
  }

  zoomIn() {
    this.zoom(this.k * 1.25);
  }

  zoomOut() {
    this.zoom(this.k / 1.25);
  }

  fit() {
    this.look(LEAST);
  }

  look(least) {
    const { clientWidth: w, clientHeight: h } = this.stage;
    this.zoom(Math.max(least, Math.min(1, w / (this.sheet[0] + 32), h / (this.sheet[1] + 32))));
    this.stage.scrollTo(0, 0);
  }

  // A phone shows the beginning as large as it is: fingers need it.
  first() {
    this.look(matchMedia("(pointer: coarse), (max-width: 760px)").matches ? 1 : READABLE);
  }

  tidy() {
    this.commit((graph) => {
      graph.doc.places = this.tidied();
    }, "tidied");
    this.look(READABLE);
  }

  // Where something on the screen is on the sheet.
  point({ clientX, clientY }) {
    const { left, top } = this.world.getBoundingClientRect();
    return [(clientX - left) / this.k, (clientY - top) / this.k];
  }

  // --- doing ---------------------------------------------------------------------------------------

  select(...keys) {
    this.selected = new Set(keys);
    this.paint();
    const boxes = this.boxes();
    if (boxes.length === 1) this.inspector.open(boxes[0]);
    else if (!this.selected.size) this.inspector.shut();
  }

  boxes() {
    return this.graph.boxes.filter((box) => this.selected.has(box));
  }

  connect(from, to) {
    const refusal = this.graph.refusal(from, to);
    if (refusal) return this.say(...refusal);
    this.commit((graph) => graph.connect(from, to), "wired", { from: this.named(from), to: this.named(to) });
  }

  // A step of a kind in the palette: at the end of a wire, between two, or where there is room.
  add(kind, { at, from, to } = {}) {
    const fresh = JSON.parse(kind.dataset.module);
    const [chosen] = this.boxes();
    const outs = chosen ? this.graph.outs(chosen) : [];
    let source = from;
    if (!at && outs.length) source = `${chosen}.${outs[0].name}`;
    else if (!source && !to && this.graph.doc.inputs.length) source = `${INPUT}.${this.graph.doc.inputs[0].name}`;
    this.added(to || !at ? this.cleared(source) : this.room(at.map(Math.round), ""), (graph, place) =>
      graph.add(fresh, kind.dataset.label, place, source, to),
    );
  }

  added(place, change) {
    let name;
    this.commit((graph) => {
      name = change(graph, place);
    });
    this.say("added", { name });
    this.reveal(name);
    this.select(name);
    this.find(name).focus({ preventScroll: true });
  }

  // One more call of a module that is there.
  again(event) {
    const choices = this.graph.doc.modules.map(({ name }) => [
      name,
      () =>
        this.added(this.cleared(), (graph, place) => {
          const call = graph.free(name, graph.names);
          graph.doc.calls.push({ name: call, module: name, inputs: {} });
          graph.doc.places[call] = place;
          return call;
        }),
    ]);
    const { left, bottom } = event.target.getBoundingClientRect();
    if (choices.length) this.offer(choices, left, bottom + 4, "");
  }

  // A place to the right of a box, for which what stands there moves on.
  cleared(source = `${INPUT}.`) {
    const { places } = this.graph.doc;
    const [x, y] = this.beyond(source);
    const stand = this.graph.boxes.filter((box) => box !== owner(source) && places[box][0] + this.sizes.get(box)[0] > x - 40);
    const first = Math.min(...stand.map((box) => places[box][0]));
    const by = Math.max(0, x + 208 + 72 - first);
    if (stand.some((box) => Math.abs(places[box][1] - y) < 150)) for (const box of stand) places[box] = [places[box][0] + by, places[box][1]];
    return this.room([x, y], "");
  }

  beyond(source = `${INPUT}.`) {
    const [x, y] = this.graph.doc.places[owner(source)];
    return [x + this.sizes.get(owner(source))[0] + 72, y];
  }

  reveal(box) {
    const { stage } = this;
    const [[x, y], [w, h]] = [this.graph.doc.places[box], this.sizes.get(box)];
    const near = (from, length, at, room) => {
      if (from * this.k < at) return from * this.k - 24;
      return (from + length) * this.k > at + room ? (from + length) * this.k - room + 24 : at;
    };
    stage.scrollTo(near(x, w, stage.scrollLeft, stage.clientWidth), near(y, h, stage.scrollTop, stage.clientHeight));
  }

  remove() {
    const wires = [...this.selected].filter((key) => key.includes(" "));
    const boxes = this.boxes().filter((box) => this.graph.call(box));
    if (!wires.length && !boxes.length) return this.selected.size ? this.say("stays") : undefined;
    const gone = new Set(wires);
    const ends = [...this.bundles()].filter(({ key }) => gone.has(key)).map(({ keys }) => keys);
    const lost = this.graph.wires.filter(({ from, to }) => ends.includes(`${this.ends.get(`${from}/out`)} ${this.ends.get(`${to}/in`)}`));
    this.selected.clear();
    this.inspector.close(boxes);
    this.commit((graph) => {
      for (const { to } of lost) graph.disconnect(to);
      graph.remove(boxes);
    }, "removed", { names: [...boxes, ...lost.map(({ to }) => this.named(to))].join(", ") });
    this.stage.focus();
  }

  move(boxes, dx, dy) {
    for (const box of boxes) {
      const [x, y] = this.graph.doc.places[box];
      this.graph.doc.places[box] = [Math.max(8, x + dx), Math.max(8, y + dy)];
      this.drawn.get(box).style.setProperty("translate", this.graph.doc.places[box].map((n) => `${n}px`).join(" "));
    }
    this.paint();
  }

  toggleFold(key) {
    const { opened } = this.graph;
    if (!opened.delete(key)) opened.add(key);
    this.render();
    this.find(key)?.focus();
  }

  // Begin a step, or an end of the program, at the loose end of a wire.
  begin(port, at, { clientX, clientY }) {
    const out = this.graph.isOut(port);
    const ends = out ? { from: port } : { to: port };
    const choices = [...this.querySelectorAll(".palette [data-module]")].map((kind) => [
      kind.dataset.label,
      () => this.add(kind, { at, ...ends }),
    ]);
    const name = fieldOf(port);
    if (!out) choices.unshift([this.message("newInput", { name }), () => this.commit((graph) => graph.addInput(port), "wired", { from: name, to: this.named(port) })]);
    else if (!this.graph.refusal(port, OUTPUT + ".")) choices.push([this.message("newOutput", { name }), () => this.commit((graph) => graph.connect(port, OUTPUT), "wired", { from: this.named(port), to: name })]);
    this.offer(choices, clientX, clientY, port);
  }

  offer(choices, x, y, back) {
    const { menu } = this;
    const buttons = choices.map(([label, act]) => {
      const button = make("button", "", label);
      button.type = "button";
      button.setAttribute("role", "menuitem");
      button.addEventListener("click", () => {
        menu.hidePopover();
        act();
      });
      return button;
    });
    menu.replaceChildren(...buttons);
    menu.showPopover();
    menu.style.setProperty("left", `${Math.max(8, Math.min(x, innerWidth - menu.offsetWidth - 8))}px`);
    menu.style.setProperty("top", `${Math.max(8, Math.min(y, innerHeight - menu.offsetHeight - 8))}px`);
    menu.dataset.back = back;
    buttons[0].focus();
  }
}

customElements.define("pipeline-graph", PipelineGraph);
