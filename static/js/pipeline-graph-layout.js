// Places for boxes: columns by the longest way to each, few crossings, level wires, no overlap.
const GAP_X = 72;
const GAP_Y = 28;
const LANE = 10;
const SWEEPS = 6;
const MARGIN = 32;

function columns(ids, links) {
  const before = new Map(ids.map((id) => [id, []]));
  for (const [a, b] of links) before.get(b).push(a);
  const found = new Map();
  const visit = (id, path) => {
    if (path.has(id)) return -1;
    if (!found.has(id)) {
      const inner = new Set(path).add(id);
      found.set(id, 1 + Math.max(-1, ...before.get(id).map((other) => visit(other, inner))));
    }
    return found.get(id);
  };
  for (const id of ids) visit(id, new Set());
  return found;
}

// The places nearest to the wishes at which nothing overlaps: neighbours that would become a block.
function spread(wishes, sizes) {
  const blocks = [];
  const starts = [];
  let passed = 0;
  wishes.forEach((wish, i) => {
    starts.push(passed);
    let block = { mean: wish - passed, n: 1 };
    while (blocks.length && blocks.at(-1).mean > block.mean) {
      const { mean, n } = blocks.pop();
      block = { mean: (block.mean * block.n + mean * n) / (block.n + n), n: block.n + n };
    }
    blocks.push(block);
    passed += sizes[i];
  });
  return blocks.flatMap(({ mean, n }) => Array(n).fill(mean)).map((mean, i) => Math.round(mean + starts[i]));
}

const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length;

// sizes: by box its width and height; links: [from, to, height of the one end, of the other]; last: the box behind all.
export function tidy(sizes, links, last) {
  const ids = [...sizes.keys()];
  const column = columns(ids, links);
  if (column.has(last)) column.set(last, 1 + Math.max(-1, ...ids.filter((id) => id !== last).map((id) => column.get(id))));
  const heights = new Map(ids.map((id) => [id, sizes.get(id)[1]]));
  const place = new Map(column);
  // A wire that passes over columns keeps a lane in each.
  const short = links.flatMap(([a, b, leaves, enters], n) => {
    const stops = [[a, leaves]];
    for (let c = column.get(a) + 1; c < column.get(b); c += 1) {
      const lane = `${n}/${c}`;
      place.set(lane, c);
      heights.set(lane, LANE);
      stops.push([lane, LANE / 2]);
    }
    stops.push([b, enters]);
    return stops.slice(1).map(([to, y], i) => [stops[i][0], to, stops[i][1], y]);
  });
  const rows = [];
  for (const [id, c] of place) (rows[c] ??= []).push(id);
  const [forth, back] = [0, 1].map((side) => Map.groupBy(short, (link) => link[side]));
  const rank = new Map();
  const count = () => rows.forEach((row) => row.forEach((id, i) => rank.set(id, i)));
  count();
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const odd = sweep % 2;
    for (const row of odd ? rows.toReversed() : rows) {
      const key = new Map(row.map((id) => [id, mean((odd ? forth : back).get(id)?.map((link) => rank.get(link[odd]) + link[2 + odd] / 1e4) ?? [rank.get(id)])]));
      row.sort((a, b) => key.get(a) - key.get(b));
      row.forEach((id, i) => rank.set(id, i));
    }
  }
  return settled(rows, heights, back, sizes);
}

function settled(rows, heights, back, sizes) {
  const top = new Map();
  const left = new Map();
  let x = MARGIN;
  for (const row of rows) {
    const wishes = row.map((id) => {
      const levels = (back.get(id) ?? []).filter(([other]) => top.has(other)).map(([other, , leaves, enters]) => top.get(other) + leaves - enters);
      return levels.length ? mean(levels) : -heights.get(id) / 2;
    });
    spread(wishes, row.map((id) => heights.get(id) + GAP_Y)).forEach((y, i) => top.set(row[i], y));
    for (const id of row) left.set(id, x);
    x += Math.max(0, ...row.map((id) => sizes.get(id)?.[0] ?? 0)) + GAP_X;
  }
  const highest = Math.min(0, ...top.values());
  return Object.fromEntries([...sizes.keys()].map((id) => [id, [left.get(id), top.get(id) - highest + MARGIN]]));
}
