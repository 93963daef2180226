// The document of <pipeline-graph>, and its way to the server and back.
import { Graph, fieldOf, owner } from "./pipeline-graph-model.js";

const AGAIN_MS = 5000;
const LOOK_MS = 60;
export const pause = () => new Promise((go) => setTimeout(go, LOOK_MS));

export class Saved extends HTMLElement {
  get form() {
    return document.getElementById("canvas-state");
  }

  get textarea() {
    return this.form.elements.graph;
  }

  // --- what is said ------------------------------------------------------------------------------

  message(name, values = {}) {
    return this.getAttribute(`data-msg-${name}`).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
  }

  say(name, values) {
    this.live.textContent = this.message(name, values);
  }

  title(box) {
    return this.graph.doc.titles[box] ?? box;
  }

  named(port) {
    return `${this.title(owner(port))}.${fieldOf(port)}`;
  }

  state(name) {
    const place = this.querySelector("[data-state]");
    place.dataset.state = name;
    place.textContent = this.message(name);
  }

  // --- there and back ----------------------------------------------------------------------------

  read() {
    const { textarea } = this;
    // A morph keeps the element, and what was written into it; its name is the change's.
    if (this.seen === textarea.id) {
      if (!this.unsaved && !this.sending && !this.held) this.state("saved");
      return;
    }
    const { doc, opened } = this.graph ?? {};
    this.seen = textarea.id;
    textarea.value = textarea.textContent;
    this.graph = new Graph(textarea.value, opened);
    this.held = "held" in this.form.dataset;
    if (this.held) this.state("held");
    else if (!this.unsaved) this.state("saved");
    this.selected = new Set(this.boxes());
    const [before, now] = [doc, this.graph.doc].map((drawn) => JSON.stringify({ ...drawn, revision: 0, tidied: 0 }));
    if (before !== now) this.render();
    if (doc && this.walked) this.inspector.renew();
    this.walked = false;
  }

  async commit(change, said, values) {
    // What comes back of the form beside is drawn before.
    while (this.inspector.saving) await pause();
    change(this.graph);
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
    this.textarea.value = this.graph.text;
    if (this.busy || this.sending || this.held) return;
    this.busy = true;
    const number = this.unsaved;
    const answer = await this.send(this.form.action, new FormData(this.form));
    // Drawn once the hand is free.
    while (this.inspector.pressed) await pause();
    this.busy = false;
    if (!answer) return this.later(AGAIN_MS);
    const more = number !== this.unsaved && answer.status === 200;
    this.unsaved = 0;
    if (more) {
      // Something was drawn meanwhile: it goes on from what was saved just now.
      this.follow(answer.text);
      return this.save();
    }
    delete this.dataset.changed;
    this.show(answer.text);
  }

  // Only which revision it is now: what was done since goes on from there.
  follow(text) {
    [, this.form.elements.revision.value] = /name="revision" value="(\d+)/.exec(text);
  }

  // Until nothing is on its way.
  async idle() {
    while (this.unsaved || this.sending) await pause();
  }

  async walk(way, values = {}) {
    if (this.held || !(await this.inspector.flush())) return;
    await this.idle();
    const body = new FormData(this.form);
    body.delete("graph");
    for (const name in values) body.set(name, values[name]);
    const answer = await this.send(this.dataset[way], body);
    if (!answer) return;
    this.walked = true;
    await this.show(answer.text);
    if (answer.status === 200) this.say(way);
  }

  async send(url, body) {
    this.sending = true;
    this.state("saving");
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
    return htmx.swap({ sourceElement: this, target: "#canvas-state", swap: "outerMorph", text });
  }

  undo() {
    this.walk("undo");
  }

  redo() {
    this.walk("redo");
  }

  over() {
    this.held = false;
    this.walked = true;
    this.form.querySelector(".callout")?.remove();
    this.save();
  }
}
