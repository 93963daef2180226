// What does not fit at the viewport's width, one line each: text that is cut, what sticks out of its
// box, texts that lie over each other, and boxes that scroll without saying so.
() => {
  const MORE = 1.5; // pixels that rounding may take
  const OVER = 5; // pixels by which lines of text may meet
  const SPACE = 12; // a space that hangs at the end of a line
  const room = document.documentElement.clientWidth;
  const found = new Set();

  const named = (part) => {
    const names = part.getAttribute("class")?.trim().split(/\s+/).join(".");
    return part.localName + (part.id ? `#${part.id}` : "") + (names ? `.${names}` : "");
  };
  const place = (part) => {
    const above = part.parentElement?.closest("[class], [id], main");
    return `${above ? `${named(above)} ` : ""}${named(part)}`;
  };
  const report = (what, part, words = part.textContent) =>
    found.add(`${what}: ${place(part)} “${words.trim().replace(/\s+/g, " ").slice(0, 40)}”`);

  const styles = new Map();
  const style = (part) => styles.get(part) ?? styles.set(part, getComputedStyle(part)).get(part);
  const hidden = (part) =>
    part !== document.body && (style(part).clipPath === "inset(50%)" || hidden(part.parentElement));
  // Words for screen readers alone, and what is not shown.
  const unseen = (part) =>
    !part.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) ||
    part.closest(".sr, .skip, template, noscript, title") !== null || hidden(part);
  const scrolls = (part) => /auto|scroll/.test(style(part).overflowX);
  const hides = (part) => /hidden|clip/.test(style(part).overflowX);
  // The whole of a shortened text can be had: as a title, or by opening what it heads.
  const expands = (part) => part.closest("[title]:not([title='']), summary") !== null;

  const reachable = (part) =>
    part.matches("textarea, select") ||
    (part.matches('[tabindex="0"][role][aria-label], [tabindex="0"][role][aria-labelledby]')) ||
    (part.closest("nav[aria-label], [role=group][aria-label], [role=tablist]") !== null &&
      part.querySelector("a, button, input") !== null);

  // The nearest box that this rectangle reaches beyond, up to one that scrolls or cuts by itself.
  const exceeded = (box, part) => {
    for (let above = part; above !== document.body; above = above.parentElement) {
      const looks = style(above);
      if (looks.overflowX !== "visible" && above.localName !== "svg") return null;
      if (!["inline", "contents"].includes(looks.display) && !(above instanceof SVGElement && looks.overflow === "visible")) {
        const frame = above.getBoundingClientRect();
        if (box.right > frame.right + MORE || box.left < frame.left - MORE) return above;
      }
      if (/absolute|fixed/.test(looks.position)) break;
    }
    return box.left < -MORE || box.right > room + MORE ? document.body : null;
  };

  // What is left of a rectangle in the boxes that cut it off.
  const seen = (box, part) => {
    let { left, right, top, bottom } = box;
    for (let above = part; above !== document.body; above = above.parentElement) {
      if (style(above).overflowX === "visible" || style(above).display === "inline") continue;
      const frame = above.getBoundingClientRect();
      [left, right] = [Math.max(left, frame.left), Math.min(right, frame.right)];
      [top, bottom] = [Math.max(top, frame.top), Math.min(bottom, frame.bottom)];
    }
    return { left, right, top, bottom, width: right - left, height: bottom - top };
  };

  for (const folded of document.querySelectorAll("details:not(.menu)")) folded.open = true;

  if (document.documentElement.scrollWidth > room)
    found.add(`the page scrolls sideways, to ${document.documentElement.scrollWidth}`);

  const boxes = [...document.body.querySelectorAll("*")].filter((part) => !unseen(part));
  for (const part of boxes) {
    const wider = part.scrollWidth > part.clientWidth + MORE && part.clientWidth > 1;
    if (wider && hides(part) && !part.matches("input, textarea, svg, svg *, progress") && !expands(part))
      report("cut", part);
    if (/hidden|clip/.test(style(part).overflowY) && part.scrollHeight > part.clientHeight + 4 &&
        part.clientHeight > 1 && !part.matches("textarea, svg, svg *, progress") && !expands(part))
      report("cut below", part);
    if (part.matches("h1, h2, h3, p") && part.clientWidth < 90 && part.clientHeight > 100)
      report("squeezed", part);
    if (wider && scrolls(part)) {
      if (!reachable(part)) report("scrolls, and no key reaches it", part);
      if (room > 1000 && part.matches(".scroll:not(.broad)")) report("a desk has no room for it", part);
    }
    if (part.matches("button, input, select, textarea, img, progress, table, svg:not(svg svg), .btn, .tag, .chip")) {
      const above = /absolute|fixed/.test(style(part).position)
        ? null : exceeded(part.getBoundingClientRect(), part.parentElement);
      if (above) report(`sticks out of ${named(above)}`, part);
    }
  }

  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const part = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || unseen(part) || part.closest("textarea, select, option, script, style"))
      continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    for (const box of range.getClientRects()) {
      if (box.width < 1) continue;
      const hanging = style(part).whiteSpace === "pre-wrap" ? SPACE : 0;
      const above = exceeded(new DOMRect(box.x, box.y, Math.max(1, box.width - hanging), box.height), part);
      if (above) report(`sticks out of ${named(above)}`, part, walker.currentNode.data);
      const shown = seen(box, part);
      if (shown.width > OVER && shown.height > OVER) texts.push([shown, part]);
    }
  }

  // A text that lies over another one: what floats above the page may.
  const floats = (part) =>
    part !== document.body && (/absolute|fixed|sticky/.test(style(part).position) || floats(part.parentElement));
  const lying = texts.filter(([, part]) => !floats(part)).sort(([a], [b]) => a.top - b.top);
  lying.forEach(([box, part], number) => {
    for (const [other, below] of lying.slice(number + 1)) {
      if (other.top > box.bottom - OVER) break;
      if (other.left < box.right - OVER && box.left < other.right - OVER && !part.contains(below) && !below.contains(part))
        report(`lies over “${below.textContent.trim().slice(0, 20)}”`, part);
    }
  });
  // A name that two parts have leads labels and links to the wrong one.
  const ids = new Set();
  for (const part of document.querySelectorAll("[id]")) {
    if (ids.has(part.id)) report("two parts of one name", part, "");
    ids.add(part.id);
  }
  return [...found];
}
