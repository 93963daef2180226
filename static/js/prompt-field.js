// <prompt-field>: a textarea over a mirror that marks {placeholders}, known ones and unknown ones.
const PLACEHOLDER = /\{(\w+)\}/g;
const CJK = /[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]/g;

// About: four letters a token, one Chinese, Japanese or Korean character each.
function tokens(text) {
  const wide = text.match(CJK)?.length ?? 0;
  return Math.ceil((text.length - wide) / 4) + wide;
}

function fill(message, values) {
  return message.replace(PLACEHOLDER, (whole, name) => values[name] ?? whole);
}

class PromptField extends HTMLElement {
  connectedCallback() {
    this.text = this.querySelector("textarea");
    this.mirror = this.querySelector("pre");
    this.known = new Set((this.dataset.known ?? "").split(" ").filter(Boolean));
    this.text.addEventListener("input", () => this.paint());
    this.text.addEventListener("keydown", (event) => this.save(event));
    this.paint();
  }

  save(event) {
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.text.form?.requestSubmit();
  }

  paint() {
    const { value } = this.text;
    const unknown = new Set();
    const parts = [];
    let from = 0;
    for (const found of value.matchAll(PLACEHOLDER)) {
      const mark = document.createElement("mark");
      mark.textContent = found[0];
      if (this.known.size && !this.known.has(found[1])) {
        mark.className = "unknown";
        unknown.add(found[1]);
      }
      parts.push(value.slice(from, found.index), mark);
      from = found.index + found[0].length;
    }
    // The last line break needs a character after it, or the mirror is a line shorter.
    this.mirror.replaceChildren(...parts, `${value.slice(from)}\u200b`);
    this.count(value, [...unknown]);
  }

  count(value, unknown) {
    const { msgCount = "", msgUnknown = "" } = this.dataset;
    const counts = { characters: [...value].length, tokens: tokens(value) };
    this.querySelector("[data-count]").textContent = fill(msgCount, counts);
    const note = this.querySelector("[data-unknown]");
    const names = unknown.map((name) => `{${name}}`).join(", ");
    note.textContent = unknown.length ? fill(msgUnknown, { names }) : "";
  }
}

customElements.define("prompt-field", PromptField);
