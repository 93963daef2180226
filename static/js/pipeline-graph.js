// <pipeline-graph>: a program as boxes and wires. The textarea inside is the truth: each gesture
// writes it, the server checks and saves it, and what comes back is drawn.
import { Inspector } from "./pipeline-graph-inspector.js";
import { watchKeys } from "./pipeline-graph-keys.js";
import { MiniMap } from "./pipeline-graph-map.js";
import { INPUT, OUTPUT, WHEN, fieldOf, owner } from "./pipeline-graph-model.js";
import { watchPointer } from "./pipeline-graph-pointer.js";
import { draw, make, put } from "./pipeline-graph-sheet.js";
import { View } from "./pipeline-graph-view.js";

export class PipelineGraph extends View {
  connectedCallback() {
    this.stage = this.querySelector(".stage");
    this.svg = draw("svg", { class: "gwires", "aria-hidden": "true" });
    this.world = make("div", "world");
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
    document.addEventListener("htmx:after:swap", () => {
      this.read();
      this.tried();
    });
    document.addEventListener("htmx:ws:after:message:incoming", () => this.tried());
    addEventListener("online", () => this.unsaved && this.save());
    let width;
    new ResizeObserver(() => {
      // The inspector takes room: what is chosen stays in sight.
      const [box, more] = this.boxes();
      if (box && !more && width !== this.stage.clientWidth) this.reveal(box);
      width = this.stage.clientWidth;
      this.map.paint();
    }).observe(this.stage);
    this.first();
    // Letters of another face have another width.
    document.fonts.ready.then(() => {
      this.render();
      this.first();
    });
  }

  // --- what is chosen ----------------------------------------------------------------------------

  select(...keys) {
    this.selected = new Set(keys);
    this.paint();
    const [box, more] = this.boxes();
    if (box && !more) this.inspector.open(box);
    else if (!keys.length) this.inspector.shut();
  }

  boxes() {
    return this.graph.seen.filter((box) => this.selected.has(box));
  }

  // What is chosen, steps of folded groups each.
  steps() {
    return this.graph.boxes.filter((box) => this.graph.call(box) && this.selected.has(this.graph.shownAs(box)));
  }

  tryOut() {
    // What keeps it from running is told below.
    if (!this.graph.doc.urls["@try"]) return document.getElementById("program-problems").scrollIntoView();
    this.selected.clear();
    this.paint();
    this.inspector.open("@try");
  }

  // What was typed beside is saved before it is run.
  async rerun({ target }) {
    if (await this.inspector.flush()) target.form.requestSubmit();
  }

  toggleFold(key) {
    const { opened } = this.graph;
    if (!opened.delete(key)) opened.add(key);
    for (const { name, box } of this.graph.doc.calls) if (box === key) delete this.places[name];
    this.render();
    this.find(key)?.focus();
  }

  // --- what is drawn -----------------------------------------------------------------------------

  connect(from, to) {
    const refusal = this.graph.refusal(from, to);
    if (refusal) return this.say(...refusal);
    if (fieldOf(to) === WHEN) return this.decide(from, to);
    this.commit((graph) => graph.connect(from, to), "wired", { from: this.named(from), to: this.named(to) });
  }

  unwire(to) {
    this.commit((graph) => graph.disconnect(to), "unwired", { to: this.named(to) });
  }

  // A condition: the value at which the step is made is chosen; of any text, in its form.
  decide(from, to) {
    const told = { name: owner(to), from: this.named(from), to: this.named(to) };
    const waits = (...values) => this.commit((graph) => graph.decide(from, to, values), "wired", told);
    const choices = this.graph.values(from).map((value) => [this.message("only", { ...told, value }), () => waits(value)]);
    const { left, top } = this.find(this.graph.shownAs(to)).getBoundingClientRect();
    if (choices.length) return this.offer(choices, left, top, from);
    waits();
    this.select(told.name);
  }

  // A step of a kind in the palette: at the end of a wire, between two, or where there is room.
  add(kind, { at, from, to } = {}) {
    this.added((graph) => {
      const [chosen] = this.boxes();
      const [first] = chosen ? graph.ports(chosen, "outs") : [];
      let source = from;
      if (!at && first) source = first;
      else if (!source && !to && graph.doc.inputs.length) source = `${INPUT}.${graph.doc.inputs[0].name}`;
      const place = to || !at ? this.cleared(source) : this.room(at, "");
      return graph.add(JSON.parse(kind.dataset.module), kind.dataset.label, place, source, to);
    });
  }

  async added(change) {
    let name;
    await this.commit((graph) => {
      name = change(graph);
    });
    this.say("added", { name });
    this.reveal(name);
    this.select(name);
    this.find(name).focus({ preventScroll: true });
  }

  async paste(part) {
    const { seen } = this.graph;
    const [left, top] = this.room(this.beyond(this.boxes()[0] ?? OUTPUT), "");
    await this.walk("paste", { part, left, top });
    this.select(...this.graph.seen.filter((box) => !seen.includes(box)));
  }

  // One more call of a module that is there.
  again({ target }) {
    const choices = this.graph.doc.modules.map(({ name }) => [name, () => this.added((graph) => graph.again(name, this.cleared()))]);
    const { left, bottom } = target.getBoundingClientRect();
    if (choices.length) this.offer(choices, left, bottom + 4, "");
  }

  remove() {
    if (!this.selected.size) return;
    const boxes = this.steps();
    const lost = [...this.bundles()].filter(({ key }) => this.selected.has(key)).flatMap(({ tos }) => tos);
    const names = [...boxes, ...lost.map((to) => this.named(to))].join(", ");
    if (!names) return this.say("stays");
    this.selected.clear();
    this.inspector.close(boxes);
    this.commit((graph) => {
      for (const to of lost) graph.disconnect(to);
      graph.remove(boxes);
    }, "removed", { names });
    this.stage.focus();
  }

  // Begin a step, or an end of the program, at the loose end of a wire.
  begin(port, at, { clientX, clientY }) {
    if (fieldOf(port) === WHEN) return;
    const out = this.graph.isOut(port);
    const name = fieldOf(port);
    const ends = out ? { at, from: port } : { at, to: port };
    const choices = [...this.querySelectorAll(".palette [data-module]")].map((kind) => [kind.dataset.label, () => this.add(kind, ends)]);
    const end = (label, values, change) => [this.message(label, { name }), () => this.commit(change, "wired", values)];
    if (!out) choices.unshift(end("new-input", { from: name, to: this.named(port) }, (graph) => graph.addInput(port)));
    else if (!this.graph.refusal(port, OUTPUT)) choices.push(end("new-output", { from: this.named(port), to: name }, (graph) => graph.connect(port, OUTPUT)));
    this.offer(choices, clientX, clientY, port);
  }

  offer(choices, x, y, back) {
    const { menu } = this;
    const buttons = choices.map(([label, act]) => {
      const button = make("button", "", label);
      button.role = "menuitem";
      button.addEventListener("click", () => {
        menu.hidePopover();
        act();
      });
      return button;
    });
    menu.replaceChildren(...buttons);
    menu.dataset.back = back;
    // After the press: what opens while it ends, it would close.
    setTimeout(() => {
      menu.showPopover();
      put(menu, Math.max(8, Math.min(x, innerWidth - menu.offsetWidth - 8)), Math.max(8, Math.min(y, innerHeight - menu.offsetHeight - 8)));
      buttons[0].focus();
    });
  }
}

customElements.define("pipeline-graph", PipelineGraph);
