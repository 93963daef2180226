// The whole sheet in small, once a program is larger than a look: where one is, and the way to elsewhere.
import { draw } from "./pipeline-graph-sheet.js";

const FROM = 20; // boxes of steps

export class MiniMap {
  constructor(canvas, place) {
    Object.assign(this, { canvas, place });
    canvas.stage.addEventListener("scroll", () => this.paint(), { passive: true });
    place.addEventListener("pointerdown", (event) => {
      this.go(event);
      place.setPointerCapture(event.pointerId);
    });
    place.addEventListener("pointermove", (event) => event.buttons && this.go(event));
  }

  paint() {
    const { canvas, place } = this;
    const few = !(canvas.graph.doc.calls.length > FROM);
    place.toggleAttribute("hidden", few);
    if (few) return;
    const [w, h] = canvas.sheet;
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = canvas.stage;
    const rect = (x, y, width, height, name) => draw("rect", { x, y, width, height, class: name, rx: 8 });
    place.setAttribute("viewBox", `0 0 ${w + 32} ${h + 32}`);
    const boxes = [...canvas.sizes].map(([id, size]) => rect(...canvas.places[id], ...size, canvas.selected.has(id) ? "chosen" : ""));
    place.replaceChildren(...boxes, rect(scrollLeft / canvas.k, scrollTop / canvas.k, clientWidth / canvas.k, clientHeight / canvas.k, "view"));
  }

  go({ clientX, clientY }) {
    const { canvas, place } = this;
    const at = new DOMPoint(clientX, clientY).matrixTransform(place.getScreenCTM().inverse());
    canvas.stage.scrollTo(at.x * canvas.k - canvas.stage.clientWidth / 2, at.y * canvas.k - canvas.stage.clientHeight / 2);
  }
}
