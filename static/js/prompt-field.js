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
    this.repaint = () => this.paint();
    this.addEventListener("input", this.repaint);
    this.addEventListener("keydown", (event) => this.save(event));
    // Fields that are named in the same form are known as soon as they are typed.
    this.text.form?.addEventListener("input", this.repaint);
    // A morph takes the marks out of the mirror.
    document.addEventListener("htmx:after:swap", this.repaint);
    this.paint();
  }

  disconnectedCallback() {
    document.removeEventListener("htmx:after:swap", this.repaint);
  }

  get text() {
    return this.querySelector("textarea");
  }

  get known() {
    const named = [...(this.text.form?.querySelectorAll("[data-field-name]") ?? [])];
    const names = named.length ? named.map((input) => input.value.trim()) : (this.dataset.known ?? "").split(" ");
    return new Set(names.filter(Boolean));
  }

  save(event) {
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.text.form?.requestSubmit();
  }

  paint() {
    const { value } = this.text;
    const { known } = this;
    const unknown = new Set();
    const parts = [];
    let from = 0;
    for (const found of value.matchAll(PLACEHOLDER)) {
      const mark = document.createElement("mark");
      mark.textContent = found[0];
      if (known.size && !known.has(found[1])) {
        mark.className = "unknown";
        unknown.add(found[1]);
      }
      parts.push(value.slice(from, found.index), mark);
      from = found.index + found[0].length;
    }
    // The last line break needs a character after it, or the mirror is a line shorter.
    this.querySelector("pre").replaceChildren(...parts, `${value.slice(from)}\u200b`);
    this.count(value, [...unknown]);
  }

  count(value, unknown) {
    const { msgCount = "", msgUnknown = "" } = this.dataset;
    const counts = { characters: [...value].length, tokens: tokens(value) };
    this.querySelector("[data-count]").textContent = fill(msgCount, counts);
    const note = this.querySelector("[data-unknown]");
    const names = unknown.map((name) => `{${name}}`).join(", ");
    note.textContent = unknown.length ? fill(msgUnknown, { names }) : "";
    this.offer(unknown);
  }

  // What stands in braces and is no field can become one: by the button of the form that adds inputs.
  offer(unknown) {
    const add = this.text.form?.querySelector('[name="add"][value="inputs"]');
    const place = this.querySelector("[data-offer]");
    if (!add || place.dataset.offer === unknown.join()) return;
    place.dataset.offer = unknown.join();
    const buttons = unknown.map((name) => {
      const button = add.cloneNode(false);
      button.value = `inputs=${name}`;
      button.textContent = fill(this.dataset.msgOffer, { name });
      return button;
    });
    place.replaceChildren(...buttons);
    htmx.process(place);
  }
}

customElements.define("prompt-field", PromptField);
