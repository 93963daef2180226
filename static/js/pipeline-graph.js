// <pipeline-graph>: a program as boxes and wires. The textarea inside is the truth: each gesture
// writes it, the server checks and saves it, and what comes back is drawn.
import { Inspector } from "./pipeline-graph-inspector.js";
import { watchKeys } from "./pipeline-graph-keys.js";
import { MiniMap } from "./pipeline-graph-map.js";
import { INPUT, OUTPUT, fieldOf, owner } from "./pipeline-graph-model.js";
import { watchPointer } from "./pipeline-graph-pointer.js";
import { draw, make } from "./pipeline-graph-sheet.js";
import { View } from "./pipeline-graph-view.js";

export class PipelineGraph extends View {
  connectedCallback() {
    this.stage = this.querySelector(".stage");
    this.svg = draw("svg", { class: "gwires", "aria-hidden": "true" });
    this.world = make("div", "world", this.svg);
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
      const [box, ...more] = this.boxes();
      if (box && !more.length && width !== this.stage.clientWidth) this.reveal(box);
      width = this.stage.clientWidth;
      this.map.paint();
    }).observe(this.stage);
    this.first();
    // Letters of another face have another width.
    document.fonts.ready.then(() => {
      if (this.tidyFirst && !this.unsaved) this.graph.doc.places = {};
      this.render();
      this.first();
    });
  }

  // --- what is chosen ----------------------------------------------------------------------------

  select(...keys) {
    this.selected = new Set(keys);
    this.paint();
    const boxes = this.boxes();
    if (boxes.length === 1) this.inspector.open(boxes[0]);
    else if (!keys.length) this.inspector.shut();
  }

  boxes() {
    return this.graph.boxes.filter((box) => this.selected.has(box));
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
    await this.inspector.flush();
    target.form.requestSubmit();
  }

  toggleFold(key) {
    const { opened } = this.graph;
    if (!opened.delete(key)) opened.add(key);
    this.render();
    this.find(key)?.focus();
  }

  // --- what is drawn -----------------------------------------------------------------------------

  connect(from, to) {
    const refusal = this.graph.refusal(from, to);
    if (refusal) return this.say(...refusal);
    this.commit((graph) => graph.connect(from, to), "wired", { from: this.named(from), to: this.named(to) });
  }

  // A step of a kind in the palette: at the end of a wire, between two, or where there is room.
  add(kind, { at, from, to } = {}) {
    const [chosen] = this.boxes();
    const [first] = chosen ? this.graph.outs(chosen) : [];
    let source = from;
    if (!at && first) source = `${chosen}.${first.name}`;
    else if (!source && !to && this.graph.doc.inputs.length) source = `${INPUT}.${this.graph.doc.inputs[0].name}`;
    this.added(to || !at ? this.cleared(source && owner(source)) : this.room(at, ""), (graph, place) =>
      graph.add(JSON.parse(kind.dataset.module), kind.dataset.label, place, source, to),
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
  again({ target }) {
    const choices = this.graph.doc.modules.map(({ name }) => [name, () => this.added(this.cleared(), (graph, place) => graph.again(name, place))]);
    const { left, bottom } = target.getBoundingClientRect();
    if (choices.length) this.offer(choices, left, bottom + 4, "");
  }

  remove() {
    if (!this.selected.size) return;
    const boxes = this.boxes().filter((box) => this.graph.call(box));
    const ends = [...this.bundles()].filter(({ key }) => this.selected.has(key)).map(({ keys }) => keys);
    const lost = this.graph.wires.filter(({ from, to }) => ends.includes(`${this.ends.get(`${from}/out`)} ${this.ends.get(`${to}/in`)}`)).map(({ to }) => to);
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
    const out = this.graph.isOut(port);
    const name = fieldOf(port);
    const ends = out ? { at, from: port } : { at, to: port };
    const choices = [...this.querySelectorAll(".palette [data-module]")].map((kind) => [kind.dataset.label, () => this.add(kind, ends)]);
    const end = (label, values, change) => [this.message(label, { name }), () => this.commit(change, "wired", values)];
    if (!out) choices.unshift(end("new-input", { from: name, to: this.named(port) }, (graph) => graph.addInput(port)));
    else if (!this.graph.refusal(port, `${OUTPUT}.`)) choices.push(end("new-output", { from: this.named(port), to: name }, (graph) => graph.connect(port, OUTPUT)));
    this.offer(choices, clientX, clientY, port);
  }

  offer(choices, x, y, back) {
    const { menu } = this;
    const buttons = choices.map(([label, act]) => {
      const button = make("button", "", label);
      button.type = "button";
      button.role = "menuitem";
      button.addEventListener("click", () => {
        menu.hidePopover();
        act();
      });
      return button;
    });
    menu.replaceChildren(...buttons);
    menu.showPopover();
    menu.style.left = `${Math.max(8, Math.min(x, innerWidth - menu.offsetWidth - 8))}px`;
    menu.style.top = `${Math.max(8, Math.min(y, innerHeight - menu.offsetHeight - 8))}px`;
    menu.dataset.back = back;
    buttons[0].focus();
  }
}

customElements.define("pipeline-graph", PipelineGraph);
