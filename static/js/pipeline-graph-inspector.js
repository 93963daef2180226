// What stands beside the canvas: the form of the chosen box. It saves itself, and says so.
import { pause } from "./pipeline-graph-saved.js";

const REST_MS = 800;
const SOON_MS = 150;

export class Inspector {
  constructor(canvas, place) {
    Object.assign(this, { canvas, place, box: "", edits: 0 });
    for (const name of ["input", "change"]) place.addEventListener(name, (event) => this.typed(event));
    place.addEventListener("submit", (event) => {
      if (event.target !== this.form) return;
      event.preventDefault();
      this.form.dataset.over = "1";
      this.save();
    });
    for (const name of ["pointerdown", "pointerup", "pointercancel"]) {
      addEventListener(name, () => {
        this.pressed = name === "pointerdown";
      });
    }
    place.addEventListener("click", (event) => {
      const view = event.target.closest("a[data-view]");
      if (event.target.closest("[data-renew]")) this.renew();
      if (!view) return;
      event.preventDefault();
      this.turn(view.href);
    });
    // A row that came or went is saved with the rest.
    document.addEventListener("htmx:after:swap", () => {
      this.rowing = false;
      if (this.form?.dataset.changed && !this.saving && !this.stuck) this.rest();
    });
    place.addEventListener("htmx:before:request", () => {
      this.rowing = true;
      this.refused = false;
      this.edits += 1;
    });
    document.addEventListener("htmx:error", () => {
      this.rowing = false;
    });
  }

  get form() {
    return this.place.querySelector("form[data-beside]");
  }

  // Whether what was typed cannot be saved as it is.
  get stuck() {
    return this.refused || this.held;
  }

  // Somebody else saved meanwhile, and one has not chosen yet.
  get held() {
    return this.form?.matches("[data-held]:not([data-over])");
  }

  // Another part of the same box: its prompt, its demos, how it is used here.
  async turn(url) {
    if (!(await this.flush())) return this.stay();
    this.url = url;
    await this.renew();
  }

  address(box) {
    const { doc } = this.canvas.graph;
    const url = this.url || (doc.urls[box] ?? this.canvas.graph.module(box)?.url);
    return url?.replace("beside=step", `beside=${encodeURIComponent(box)}`);
  }

  async open(box) {
    this.wish = box;
    // Nothing is typed into the form of another box; a try that was begun at the box stands in its place.
    this.place.inert = box !== this.box || Boolean(this.place.querySelector("[data-try]"));
    if (!this.place.inert) return;
    const saved = await this.flush();
    if (box !== this.wish) return;
    if (!saved) return this.stay();
    this.box = box;
    this.url = "";
    this.place.replaceChildren();
    await this.renew();
  }

  // What was typed and could not be saved is not left.
  stay() {
    const { canvas, place } = this;
    this.wish = this.box;
    place.inert = false;
    canvas.selected = new Set([this.box]);
    canvas.paint();
    place.querySelector("[aria-invalid=true]")?.focus();
  }

  close(boxes) {
    if (boxes.includes(this.box)) this.leave();
  }

  async shut() {
    this.wish = "";
    const saved = await this.flush();
    if (this.wish) return;
    if (saved) this.leave();
    else this.stay();
  }

  leave() {
    this.box = this.wish = "";
    clearTimeout(this.timer);
    this.place.replaceChildren();
    this.place.hidden = true;
  }

  async renew() {
    clearTimeout(this.timer);
    this.refused = false;
    const { box } = this;
    // A step that was just drawn has no form before it is saved.
    await this.canvas.idle();
    if (box !== this.box) return;
    const url = this.address(box);
    if (!url) return this.leave();
    const answer = await fetch(url, { headers: { "HX-Request": "true" } });
    const text = await answer.text();
    if (answer.ok && box === this.box) {
      // Emptied first: htmx carries styles from elements to those of the same id.
      this.place.replaceChildren();
      this.place.scrollTop = 0;
      await this.show(text, "innerHTML");
    }
    if (this.entering) this.enter();
  }

  // The focus goes into the form, as soon as it is there.
  enter() {
    const first = this.place.querySelector("input:not([type=hidden]), textarea, select");
    this.entering = !first || this.place.dataset.box !== this.box;
    if (this.entering) return;
    first.focus();
    first.select?.();
  }

  show(text, swap) {
    this.place.dataset.box = this.box;
    this.place.hidden = this.place.inert = false;
    return htmx.swap({ sourceElement: this.place, target: "#beside", swap, text });
  }

  typed({ target, type }) {
    if (!this.form?.contains(target)) return;
    this.refused = false;
    this.form.dataset.changed = "1";
    if (type === "change") return this.rest(SOON_MS);
    this.edits += 1;
    if (!target.matches("[name=name], [data-field-name]")) this.rest();
  }

  rest(ms = REST_MS) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), ms);
  }

  // Save what was typed, whatever is on its way; false where it cannot be.
  async flush() {
    while (this.rowing || (this.form?.dataset.changed && !this.stuck)) {
      await this.save();
      await pause();
    }
    return !this.stuck;
  }

  async save() {
    clearTimeout(this.timer);
    const { form, canvas } = this;
    if (!form || this.saving || this.held) return this.rest();
    // What comes back must not take a button away from under a press.
    if (canvas.unsaved || this.pressed || this.rowing) return this.rest(SOON_MS);
    this.saving = true;
    await this.post(form, canvas);
    this.saving = false;
  }

  async post(form, canvas) {
    const { edits } = this;
    const typed = new FormData(form);
    if (!form.dataset.over) typed.set("revision", canvas.form.elements.revision.value);
    const answer = await canvas.send(form.getAttribute("action"), typed);
    this.refused = answer?.status !== 200;
    if (!answer) return this.rest();
    const later = edits === this.edits ? [] : [...new FormData(form)].filter(([name, value]) => typed.get(name) !== value && name !== "revision");
    if (!form.isConnected || form !== this.form) return;
    if (this.rowing) return canvas.follow(answer.text);
    const left = document.activeElement?.dataset.key === this.box;
    await this.show(answer.text, "innerMorph");
    const now = this.form.dataset.beside;
    if (now !== this.box) {
      if (this.wish === this.box) {
        this.wish = now;
        canvas.selected = new Set([now]);
        canvas.paint();
      }
      this.box = this.place.dataset.box = now;
      this.url &&= this.form.action;
      if (left) canvas.find(now)?.focus();
    }
    for (const [name, value] of later) if (this.form.elements[name]) this.form.elements[name].value = value;
    if (later.length) this.rest();
    if (later.length || this.refused) this.form.dataset.changed = "1";
    else delete this.form.dataset.changed;
    if (answer.status === 422) canvas.state("invalid");
  }
}
