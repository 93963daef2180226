// What <pipeline-graph> draws: boxes, ports and wires of the document that its textarea holds.
// A port is `call.field`; the program's own ends are the boxes `input` and `@output`.
export const INPUT = "input";
export const OUTPUT = "@output";
export const WHEN = "@when"; // where a call is told whether it is made
const FOLD_FROM = 4;

export const owner = (port) => port.slice(0, port.indexOf("."));
export const fieldOf = (port) => port.slice(port.indexOf(".") + 1);
const clean = ({ t, ...field }) => field;

export class Graph {
  constructor(text) {
    this.doc = JSON.parse(text);
    this.opened = new Set();
  }

  get text() {
    return JSON.stringify(this.doc);
  }

  get boxes() {
    return [INPUT, ...this.doc.calls.map((call) => call.name), OUTPUT];
  }

  call(name) {
    return this.doc.calls.find((call) => call.name === name);
  }

  module(box) {
    const name = this.call(box)?.module;
    return this.doc.modules.find((module) => module.name === name);
  }

  ins(box) {
    if (box === INPUT) return [];
    if (box !== OUTPUT) {
      const { when } = this.call(box);
      return [...(this.module(box)?.inputs ?? []), ...(when ? [{ ...this.field(when.source), name: WHEN }] : [])];
    }
    return this.doc.outputs.map(([name, source]) => ({ ...this.field(source), name }));
  }

  outs(box) {
    if (box === OUTPUT) return [];
    return (box === INPUT ? this.doc.inputs : this.module(box)?.outputs) ?? [];
  }

  field(port) {
    const box = owner(port);
    const named = ({ name }) => name === fieldOf(port);
    return this.outs(box).find(named) ?? (box === OUTPUT ? undefined : this.ins(box).find(named));
  }

  isOut(port) {
    return this.outs(owner(port)).some(({ name }) => name === fieldOf(port));
  }

  type(field) {
    const { types } = this.doc;
    return types[field?.t] ?? types.find(({ label }) => label === field?.type) ?? { label: field?.type ?? "?", d: "" };
  }

  get wires() {
    const guessed = new Set(this.doc.guessed);
    const found = [];
    for (const { name, inputs, when } of this.doc.calls) {
      if (when && this.field(when.source)) found.push({ from: when.source, to: `${name}.${WHEN}` });
      for (const [input, from] of Object.entries(inputs)) {
        const to = `${name}.${input}`;
        if (from && this.field(to) && this.field(from)) found.push({ from, to, guessed: guessed.has(to) });
      }
    }
    for (const [name, from] of this.doc.outputs) {
      if (this.field(from)) found.push({ from, to: `${OUTPUT}.${name}` });
    }
    return found;
  }

  source(to) {
    if (owner(to) === OUTPUT) return this.doc.outputs.find(([name]) => name === fieldOf(to))?.[1];
    const call = this.call(owner(to));
    return fieldOf(to) === WHEN ? call?.when?.source : call?.inputs[fieldOf(to)];
  }

  // Whether what comes out of box a reaches box b.
  reaches(a, b) {
    const next = new Map();
    for (const { from, to } of this.wires) next.set(owner(from), [...(next.get(owner(from)) ?? []), owner(to)]);
    const seen = new Set();
    const waiting = [a];
    while (waiting.length) {
      const box = waiting.pop();
      if (box === b) return true;
      if (!seen.has(box)) waiting.push(...(next.get(box) ?? []));
      seen.add(box);
    }
    return false;
  }

  // Why a wire cannot be: a message and its values; nothing where it can.
  refusal(from, to) {
    const [a, b] = [owner(from), owner(to)];
    if (b === OUTPUT) return a === INPUT && !this.doc.passes ? ["passed", {}] : undefined;
    if (a === b) return ["self", {}];
    const given = this.type(this.field(from));
    const wanted = this.type(this.field(to));
    const number = this.doc.types.indexOf(wanted);
    if (given.fits && number >= 0 && !given.fits.includes(number)) {
      return ["type", { input: fieldOf(to), takes: wanted.label, output: fieldOf(from), gives: given.label }];
    }
    return this.reaches(b, a) ? ["circle", {}] : undefined;
  }

  // The ports at which a wire that begins here can end.
  fitting(port) {
    const out = this.isOut(port);
    const ends = out ? (box) => this.ins(box) : (box) => this.outs(box);
    return this.boxes.flatMap((box) =>
      ends(box)
        .map(({ name }) => `${box}.${name}`)
        .filter((end) => !(out ? this.refusal(port, end) : this.refusal(end, port))),
    );
  }

  connect(from, to) {
    if (to === OUTPUT) this.doc.outputs.push([this.free(fieldOf(from), this.doc.outputs.map(([name]) => name)), from]);
    else if (owner(to) === OUTPUT) this.doc.outputs.find(([name]) => name === fieldOf(to))[1] = from;
    else this.take(this.call(owner(to)), fieldOf(to), from);
    this.touch(to);
  }

  take(call, name, from) {
    if (name === WHEN) call.when.source = from;
    else {
      call.inputs[name] = from;
      delete call.constants?.[name];
    }
  }

  disconnect(to) {
    if (owner(to) === OUTPUT) this.doc.outputs = this.doc.outputs.filter(([name]) => name !== fieldOf(to));
    else if (fieldOf(to) === WHEN) this.call(owner(to)).when = null;
    else this.call(owner(to)).inputs[fieldOf(to)] = "";
    this.touch(to);
  }

  touch(to) {
    this.doc.guessed = this.doc.guessed.filter((port) => port !== to);
  }

  remove(boxes) {
    const gone = new Set(boxes);
    const { doc } = this;
    for (const { from, to } of this.wires) if (gone.has(owner(from))) this.disconnect(to);
    doc.calls = doc.calls.filter((call) => !gone.has(call.name));
    const used = new Set(doc.calls.map((call) => call.module));
    const lost = (module) => !used.has(module.name) && gone.has(module.name);
    doc.modules = doc.modules.filter((module) => !lost(module));
    for (const box of gone) delete doc.places[box];
  }

  free(wished, taken) {
    const all = new Set(taken);
    let name = wished;
    for (let n = 2; all.has(name); n += 1) name = `${wished.slice(0, 60)}_${n}`;
    return name;
  }

  get names() {
    return [INPUT, ...this.doc.modules.map(({ name }) => name), ...this.doc.calls.map(({ name }) => name)];
  }

  // A step of a fresh module, at the end of a wire that begins at `from`, and before `to`.
  add(fresh, told, place, from, to) {
    const module = structuredClone(fresh);
    const { signature } = module;
    module.name = this.free(fresh.name, this.names);
    const wired = from && signature.inputs.length;
    if (wired) signature.inputs[0] = clean(this.field(from));
    if (to && signature.outputs.length) signature.outputs[0] = clean(this.field(to) ?? this.field(this.source(to)));
    const given = signature.inputs.map(({ name }) => name);
    for (const output of signature.outputs) output.name = this.free(output.name, given);
    this.put(module);
    this.doc.calls.push({ name: module.name, module: module.name, inputs: wired ? { [given[0]]: from } : {}, told });
    this.doc.places[module.name] = place;
    if (to && signature.outputs.length) this.connect(`${module.name}.${signature.outputs[0].name}`, to);
    return module.name;
  }

  put(module) {
    const { name, kind, signature } = module;
    this.doc.modules.push({ name, kind, inputs: signature.inputs, outputs: signature.outputs, fresh: module });
  }

  addInput(to) {
    const name = this.free(fieldOf(to), this.doc.inputs.map((field) => field.name));
    this.doc.inputs.push({ ...this.field(to), name });
    this.connect(`${INPUT}.${name}`, to);
  }

  // The steps of a program file, beside those that are there; their own wires come along.
  paste(part, [x, y]) {
    const modules = new Map();
    const calls = new Map();
    for (const module of part.modules) modules.set(module.name, this.free(module.name, [...this.names, ...modules.values()]));
    for (const call of part.calls) {
      const wished = modules.get(call.module) ?? call.name;
      calls.set(call.name, this.free(call.name === call.module ? wished : call.name, [...this.doc.calls.map((c) => c.name), ...calls.values(), INPUT]));
    }
    for (const module of part.modules) this.put({ ...module, name: modules.get(module.name) });
    const moved = (source) => (calls.has(owner(source)) ? `${calls.get(owner(source))}.${fieldOf(source)}` : "");
    part.calls.forEach((call, row) => {
      const inputs = Object.fromEntries(Object.entries(call.inputs ?? {}).map(([name, source]) => [name, moved(source)]));
      const name = calls.get(call.name);
      this.doc.calls.push({ ...call, name, module: modules.get(call.module) ?? call.module, inputs });
      const [dx, dy] = part.places?.[call.name] ?? [0, 140 * row];
      this.doc.places[name] = [x + dx, y + dy];
    });
    return [...calls.values()];
  }

  // Ports as they are drawn: many that go the same way are one, until it is opened.
  shown(box) {
    const { wires } = this;
    const folds = new Map();
    for (const { from, to } of wires) {
      const key = `${owner(to)}<${owner(from)}`;
      folds.set(key, [...(folds.get(key) ?? []), to]);
    }
    const foldOf = ({ from, to }) => {
      const key = `${owner(to)}<${owner(from)}`;
      return folds.get(key).length >= FOLD_FROM && owner(to) !== OUTPUT ? key : "";
    };
    const ins = this.folded(box, this.ins(box), (port) => {
      const wire = wires.find(({ to }) => to === port);
      return wire ? foldOf(wire) : "";
    });
    const outs = this.folded(box, this.outs(box), (port) => {
      const ways = wires.filter(({ from }) => from === port).map(foldOf);
      return ways.length && ways.every(Boolean) ? `${box}>${[...new Set(ways)].sort().join()}` : "";
    });
    return { ins, outs };
  }

  folded(box, fields, keyOf) {
    const rows = [];
    const groups = new Map();
    for (const field of fields) {
      const port = `${box}.${field.name}`;
      const key = keyOf(port);
      const group = key && (groups.get(key) ?? []);
      const row = { key: port, field, ports: [port] };
      if (!key) rows.push(row);
      else if (group.push(port) === 1) {
        groups.set(key, group);
        rows.push({ fold: key, members: group });
      }
    }
    return rows.flatMap((row) => {
      if (!row.fold) return [row];
      const own = row.members.map((port) => ({ key: port, field: fields.find(({ name }) => name === fieldOf(port)), ports: [port] }));
      if (own.length < FOLD_FROM) return own;
      const open = this.opened.has(row.fold);
      return [{ key: row.fold, fold: row.fold, ports: open ? [] : row.members, count: own.length, open }, ...(open ? own : [])];
    });
  }
}
