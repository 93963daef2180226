// Where boxes stand: all of them tidied, or one after the other where there is room.
import { tidy } from "./pipeline-graph-layout.js";
import { INPUT, OUTPUT, owner } from "./pipeline-graph-model.js";
import { Sheet } from "./pipeline-graph-sheet.js";

const APART_X = 72;
const NEW_BOX = [220, 110];

export class Places extends Sheet {
  get places() {
    return this.graph.doc.places;
  }

  place() {
    const missing = this.graph.boxes.filter((box) => !this.places[box]);
    this.tidyFirst ||= missing.length === this.graph.boxes.length;
    if (missing.length === this.graph.boxes.length) this.graph.doc.places = this.tidied();
    else for (const box of missing) this.places[box] = this.room(this.wished(box), box);
    for (const box of this.graph.boxes) this.seat(box);
  }

  seat(box) {
    this.drawn.get(box).style.translate = this.places[box].map((n) => `${n}px`).join(" ");
  }

  right(box) {
    return this.places[box][0] + this.sizes.get(box)[0];
  }

  wished(box) {
    const stands = (other) => this.places[other];
    const sources = this.graph.wires.filter(({ to }) => owner(to) === box).map(({ from }) => owner(from)).filter(stands);
    const before = sources.length ? sources : this.graph.boxes.filter(stands);
    return [Math.max(...before.map((other) => this.right(other))) + APART_X, sources.length ? this.places[sources[0]][1] : 32];
  }

  // The free place nearest below a wish.
  room([x, y], box) {
    const [w, h] = this.sizes.get(box) ?? NEW_BOX;
    const spot = [Math.max(8, Math.round(x)), Math.max(8, Math.round(y))];
    const hit = () =>
      this.graph.boxes.find((other) => {
        if (other === box || !this.places[other] || !this.sizes.has(other)) return false;
        const [[ox, oy], [ow, oh]] = [this.places[other], this.sizes.get(other)];
        return spot[0] < ox + ow + 12 && ox < spot[0] + w + 12 && spot[1] < oy + oh + 12 && oy < spot[1] + h + 12;
      });
    for (let other = hit(); other; other = hit()) spot[1] = this.places[other][1] + this.sizes.get(other)[1] + 24;
    return spot;
  }

  tidied() {
    const links = this.graph.wires.map(({ from, to }) => [owner(from), owner(to), this.offset(from, "out")[1], this.offset(to, "in")[1]]);
    const once = new Map(links.map((link) => [link.join(), link]));
    const places = tidy(this.sizes, [...once.values()], OUTPUT);
    // A small program stands where one looks first.
    const bottom = Math.max(...Object.entries(places).map(([id, [, y]]) => y + this.sizes.get(id)[1]));
    const down = Math.round(Math.min(160, Math.max(0, (this.stage.clientHeight - bottom) / 3)));
    for (const id in places) places[id][1] += down;
    return places;
  }

  // A place to the right of a box, for which what stands there moves on.
  cleared(source = INPUT) {
    const [x, y] = this.beyond(source);
    const stand = this.graph.boxes.filter((box) => box !== source && this.right(box) > x - 40);
    const by = Math.max(0, x + 208 + APART_X - Math.min(...stand.map((box) => this.places[box][0])));
    if (stand.some((box) => Math.abs(this.places[box][1] - y) < 150)) for (const box of stand) this.places[box][0] += by;
    return this.room([x, y], "");
  }

  beyond(source = INPUT) {
    return [this.right(source) + APART_X, this.places[source][1]];
  }

  move(boxes, dx, dy) {
    for (const box of boxes) {
      const [x, y] = this.places[box];
      this.places[box] = [Math.max(8, x + dx), Math.max(8, y + dy)];
      this.seat(box);
    }
    this.paint();
  }

  tidy() {
    this.commit((graph) => {
      graph.doc.places = this.tidied();
    }, "tidied");
    this.first();
  }
}
