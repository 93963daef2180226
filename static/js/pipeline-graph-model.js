// What <pipeline-graph> draws: boxes, ports and wires of the document that its textarea holds.
// A port is `call.field`; the program's own ends are the boxes `input` and `@output`.
export const INPUT = "input";
export const OUTPUT = "@output";
export const WHEN = "@when"; // where a call is told whether it is made

export const owner = (port) => port.split(".")[0];
export const fieldOf = (port) => port.slice(port.indexOf(".") + 1);
const clean = ({ t, ...field }) => field;

export class Graph {
  constructor(text, opened = new Set()) {
    this.doc = JSON.parse(text);
    this.opened = opened;
  }

  get text() {
    return JSON.stringify(this.doc);
  }

  get boxes() {
    return [INPUT, ...this.doc.calls.map((call) => call.name), OUTPUT];
  }

  // The box in which a step, or a port, is drawn: that of its group, until it is opened.
  shownAs(port) {
    const box = owner(port);
    const group = this.call(box)?.box;
    return group && !this.opened.has(group) ? group : box;
  }

  get seen() {
    return [...new Set(this.boxes.map((box) => this.shownAs(box)))];
  }

  call(name) {
    return this.doc.calls.find((call) => call.name === name);
  }

  module(box) {
    const name = this.call(box)?.module;
    return this.doc.modules.find((module) => module.name === name);
  }

  ins(box) {
    const ends = box === OUTPUT ? this.doc.outputs : Object.entries(this.call(box) ? { [WHEN]: this.source(`${box}.${WHEN}`) } : {});
    return [...(this.module(box)?.inputs ?? []), ...ends.map(([name, source]) => ({ type: "", ...this.given(source), name }))];
  }

  outs(box) {
    return (box === INPUT ? this.doc.inputs : this.module(box)?.outputs) ?? [];
  }

  given(port = "") {
    return this.outs(owner(port)).find(({ name }) => name === fieldOf(port));
  }

  taken(port) {
    return this.ins(owner(port)).find(({ name }) => name === fieldOf(port));
  }

  field(port) {
    return this.given(port) ?? this.taken(port);
  }

  isOut(port) {
    return Boolean(this.given(port));
  }

  // From where to where a wire between two ports goes.
  wire(a, b) {
    return this.isOut(a) ? [a, b] : [b, a];
  }

  type(field) {
    const { types } = this.doc;
    return types[field?.t] ?? types.find(({ label }) => label === field?.type) ?? { label: field?.type ?? "?", d: "" };
  }

  get wires() {
    const guessed = new Set(this.doc.guessed);
    const found = [];
    for (const { name, inputs, when } of this.doc.calls) {
      if (this.isOut(when?.source)) found.push({ from: when.source, to: `${name}.${WHEN}` });
      for (const [input, from] of Object.entries(inputs)) {
        const to = `${name}.${input}`;
        if (from && this.taken(to) && this.isOut(from)) found.push({ from, to, guessed: guessed.has(to) });
      }
    }
    for (const [name, from] of this.doc.outputs) {
      if (this.isOut(from)) found.push({ from, to: `${OUTPUT}.${name}` });
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
    const { wires } = this;
    const seen = new Set([a]);
    for (const box of seen) for (const { from, to } of wires) if (owner(from) === box) seen.add(owner(to));
    return seen.has(b);
  }

  // Why a wire cannot be: a message and its values; nothing, or false, where it can.
  refusal(from, to) {
    const [a, b] = [owner(from), owner(to)];
    if (b === OUTPUT) return;
    if (a === b) return ["self"];
    const given = this.type(this.given(from));
    const wanted = this.type(this.taken(to));
    const number = this.doc.types.indexOf(wanted);
    const told = { input: fieldOf(to), takes: wanted.label, output: fieldOf(from), gives: given.label };
    if (fieldOf(to) === WHEN) {
      if (!given.decides) return ["undecided", told];
    } else if (given.fits && number >= 0 && !given.fits.includes(number)) return ["type", told];
    return this.reaches(b, a) && ["circle"];
  }

  // The ports at which a wire that begins here can end.
  fitting(port) {
    const side = this.isOut(port) ? "ins" : "outs";
    const ends = this.seen.flatMap((box) => this.ports(box, side));
    // Conditions are the last that one comes to.
    return ends.filter((end) => !this.refusal(...this.wire(port, end))).sort((a, b) => a.endsWith(WHEN) - b.endsWith(WHEN));
  }

  // Which values of an output a step can wait for; none where all texts are possible.
  values(port) {
    const field = this.given(port);
    return [...(field.choices ?? []), ...this.type(field).decides];
  }

  // One more value at which a step is made.
  decide(source, to, value) {
    const call = this.call(owner(to));
    const had = call.when?.source === source ? call.when.values : [];
    call.when = { source, values: [...new Set([...had, ...value])] };
  }

  connect(from, to) {
    const { outputs } = this.doc;
    if (to === OUTPUT) outputs.push([this.free(fieldOf(from), outputs.map(([name]) => name)), from]);
    else this.set(to, from);
  }

  disconnect(to) {
    this.set(to, "");
  }

  // Where the value of an input comes from; nowhere where nothing is said.
  set(to, from) {
    const [call, name] = [this.call(owner(to)), fieldOf(to)];
    if (!call) this.doc.outputs = this.doc.outputs.map((pair) => (pair[0] === name ? [name, from] : pair)).filter(([, source]) => source);
    else if (name === WHEN) call.when = null;
    else {
      call.inputs[name] = from;
      if (from) delete call.constants?.[name];
    }
    this.doc.guessed = this.doc.guessed.filter((port) => port !== to);
  }

  remove(boxes) {
    const { doc } = this;
    for (const { from, to } of this.wires) if (boxes.includes(owner(from))) this.disconnect(to);
    doc.calls = doc.calls.filter(({ name }) => !boxes.includes(name));
    doc.modules = doc.modules.filter(({ name }) => !boxes.includes(name) || doc.calls.some((call) => call.module === name));
  }

  free(wished, taken) {
    let name = wished;
    for (let n = 2; taken.includes(name); n += 1) name = `${wished.slice(0, 60)}_${n}`;
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
    if (to && signature.outputs.length) signature.outputs[0] = clean(this.field(to));
    const given = signature.inputs.map(({ name }) => name);
    for (const output of signature.outputs) output.name = this.free(output.name, given);
    this.put(module);
    this.doc.calls.push({ name: module.name, module: module.name, inputs: wired ? { [given[0]]: from } : {}, told });
    this.doc.places[module.name] = place;
    if (to && signature.outputs.length) this.connect(`${module.name}.${signature.outputs[0].name}`, to);
    return module.name;
  }

  // One more call of a module that is there.
  again(module, place) {
    const name = this.free(module, this.names);
    this.doc.calls.push({ name, module, inputs: {} });
    this.doc.places[name] = place;
    return name;
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

  // Of a box, or of the steps in it, those that are drawn.
  ports(box, side) {
    return this.shown(box)[side].flatMap(({ ports }) => ports);
  }

  // Ports as they are drawn: many that go the same way are one, until it is opened.
  shown(box) {
    const { folds, groups } = this.doc;
    const rows = (side, fields, find) => {
      const all = (groups[box]?.[side] ?? fields.map(({ name }) => [`${box}.${name}`])).map((ports) => ({ key: ports[0], field: this[find](ports[0]), ports })).filter(({ field }) => field);
      return [...Map.groupBy(all, ({ key }) => folds[`${key}/${side}`] ?? key)].flatMap(([fold, own]) => {
        if (!own[1]) return own;
        const open = this.opened.has(fold);
        return [{ key: fold, fold, ports: open ? [] : own.flatMap((row) => row.ports), count: own.length, open }, ...(open ? own : [])];
      });
    };
    return { ins: rows("in", this.ins(box), "taken"), outs: rows("out", this.outs(box), "given") };
  }
}
