// Where wires run: around boxes that stand in between, each in a lane of its own.
const CLEAR = 14;
const APART = 7;

function curve(x1, y1, x2, y2) {
  const reach = Math.max(32, Math.abs(x2 - x1) / 2);
  return `C${x1 + reach} ${y1} ${x2 - reach} ${y2} ${x2} ${y2}`;
}

// The free height nearest to a wish.
function free(wish, taken) {
  const inside = (y) => taken.find(([from, to]) => y > from && y < to);
  if (!inside(wish)) return wish;
  const walk = (by) => {
    let y = wish;
    for (let hit = inside(y); hit; hit = inside(y)) y = by < 0 ? hit[0] : hit[1];
    return y;
  };
  const [up, down] = [walk(-1), walk(1)];
  return wish - up < down - wish ? up : down;
}

// boxes: [{ id, x, y, w, h }]; lanes: those that wires have taken so far.
export function route([x1, y1], [x2, y2], boxes, lanes) {
  const start = `M${x1} ${y1}`;
  if (x2 < x1 + 8) return start + around([x1, y1], [x2, y2], boxes, lanes);
  const at = (x) => y1 + (y2 - y1) * ((x - x1) / (x2 - x1));
  const hits = boxes.filter(({ x, w, y, h }) => {
    const ends = [at(x), at(x + w)];
    return x > x1 + 4 && x + w < x2 - 4 && Math.max(...ends) > y - 6 && Math.min(...ends) < y + h + 6;
  });
  if (!hits.length) return start + curve(x1, y1, x2, y2);
  const left = Math.min(...hits.map(({ x }) => x)) - CLEAR;
  const right = Math.max(...hits.map(({ x, w }) => x + w)) + CLEAR;
  const y = lane((y1 + y2) / 2, left, right, boxes, lanes);
  return `${start}${curve(x1, y1, left, y)}H${right}${curve(right, y, x2, y2)}`;
}

// Back to the left: out of the one box, past everything in a free lane, into the other.
function around([x1, y1], [x2, y2], boxes, lanes) {
  const y = lane((y1 + y2) / 2, x2 - CLEAR, x1 + CLEAR, boxes, lanes);
  return `C${x1 + 40} ${y1} ${x1 + 40} ${y} ${x1} ${y}H${x2}C${x2 - 40} ${y} ${x2 - 40} ${y2} ${x2} ${y2}`;
}

function lane(wish, left, right, boxes, lanes) {
  const blocked = boxes.filter(({ x, w }) => x < right && x + w > left).map(({ y, h }) => [y - CLEAR, y + h + CLEAR]);
  const others = lanes.filter((other) => other.left < right && other.right > left).map(({ y }) => [y - APART, y + APART]);
  const y = free(wish, [...blocked, ...others]);
  lanes.push({ left, right, y });
  return y;
}

export function straight([x1, y1], [x2, y2]) {
  return `M${x1} ${y1}${curve(x1, y1, x2, y2)}`;
}
