// How one looks at the sheet: how near, and at which part of it.
import { OUTPUT } from "./pipeline-graph-model.js";
import { Places } from "./pipeline-graph-places.js";

const [LEAST, MOST] = [0.25, 2];
const READABLE = 0.6; // the smallest at which a program is first shown
const EDGE = 24;

export class View extends Places {
  zoom(k, at) {
    const { stage } = this;
    const { left, top } = stage.getBoundingClientRect();
    const [px, py] = at ? [at.clientX - left, at.clientY - top] : [stage.clientWidth / 2, stage.clientHeight / 2];
    const [x, y] = [(stage.scrollLeft + px) / this.k, (stage.scrollTop + py) / this.k];
    this.k = Math.min(MOST, Math.max(LEAST, k));
    stage.style.setProperty("--k", this.k);
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
    this.zoom(Math.max(least, Math.min(1, w / (this.sheet[0] + EDGE), h / (this.sheet[1] + EDGE))));
    this.stage.scrollTo(0, 0);
  }

  // All of it where it can be read; a phone shows the beginning as large as it is: fingers need it.
  first() {
    this.look(matchMedia("(pointer: coarse), (max-width: 760px)").matches ? 1 : READABLE);
  }

  // Where something on the screen is on the sheet.
  point({ clientX, clientY }) {
    const { left, top } = this.world.getBoundingClientRect();
    return [(clientX - left) / this.k, (clientY - top) / this.k];
  }

  reveal(box) {
    const { stage, k } = this;
    const near = (i, at, room) => {
      const [from, to] = [this.places[box][i] * k - EDGE, (this.places[box][i] + this.sizes.get(box)[i]) * k + EDGE];
      return Math.min(from, Math.max(at, to - room));
    };
    stage.scrollTo(near(0, stage.scrollLeft, stage.clientWidth), near(1, stage.scrollTop, stage.clientHeight));
  }
}
