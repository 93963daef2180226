// Where boxes stand: all of them as the server tidies them, or one after the other where there is room.
import { INPUT } from "./pipeline-graph-model.js";
import { Sheet, put } from "./pipeline-graph-sheet.js";

const APART_X = 72;
const NEW_BOX = [220, 110];

export class Places extends Sheet {
  get places() {
    return this.graph.doc.places;
  }

  place() {
    for (const box of this.graph.seen) {
      this.places[box] ??= this.room(this.wish(box), box);
      this.seat(box);
    }
  }

  // Steps of a group that is opened stand where its box stood.
  wish(box) {
    const { tidied, unfolded } = this.graph.doc;
    const group = this.graph.call(box)?.box;
    const corner = this.places[group];
    if (corner) return corner.map((n, i) => n + unfolded[box][i] - unfolded[group][i]);
    return (this.graph.seen.every((one) => tidied[one]) ? tidied : unfolded)[box] ?? [8, 8];
  }

  seat(box) {
    put(this.drawn.get(box), ...this.places[box]);
  }

  right(box) {
    return this.places[box][0] + this.sizes.get(box)[0];
  }

  // The free place nearest below a wish.
  room([x, y], box) {
    const [w, h] = this.sizes.get(box) ?? NEW_BOX;
    const spot = [Math.max(8, Math.round(x)), Math.max(8, Math.round(y))];
    const hit = () =>
      this.graph.seen.find((other) => {
        const [[ox, oy], [ow, oh]] = [this.places[other] ?? [], this.sizes.get(other) ?? []];
        return other !== box && spot[0] < ox + ow + 12 && ox < spot[0] + w + 12 && spot[1] < oy + oh + 12 && oy < spot[1] + h + 12;
      });
    for (let other = hit(); other; other = hit()) spot[1] = this.places[other][1] + this.sizes.get(other)[1] + 24;
    return spot;
  }

  // A place to the right of a box, for which what stands there moves on.
  cleared(source = INPUT) {
    const [x, y] = this.beyond(source);
    const stand = this.graph.seen.filter((box) => this.right(box) > x - 40);
    const by = Math.max(0, x + 208 + APART_X - Math.min(...stand.map((box) => this.places[box][0])));
    if (stand.some((box) => Math.abs(this.places[box][1] - y) < 150)) for (const box of stand) this.places[box][0] += by;
    return this.room([x, y], "");
  }

  beyond(source = INPUT) {
    const box = this.graph.shownAs(source);
    return [this.right(box) + APART_X, this.places[box][1]];
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
      graph.doc.places = {};
    }, "tidied");
    this.first();
  }
}
