// Short messages in the corner: six seconds, longer under the pointer; errors stay.
const SECONDS = 6;

export function toast(text, level = "") {
  const shape = document.getElementById("toast-shape").content.cloneNode(true);
  const box = shape.querySelector(".toast");
  box.querySelector("p").textContent = text;
  if (level) box.classList.add(level);
  if (level === "error") box.dataset.stay = "";
  document.getElementById("toasts").append(shape);
}

export function watchToasts(corner) {
  const start = (box) => {
    if ("stay" in box.dataset) return;
    let timer;
    const wait = () => {
      timer = setTimeout(() => box.remove(), SECONDS * 1000);
    };
    const hold = () => clearTimeout(timer);
    box.addEventListener("pointerenter", hold);
    box.addEventListener("focusin", hold);
    box.addEventListener("pointerleave", wait);
    box.addEventListener("focusout", wait);
    wait();
  };
  corner.querySelectorAll(".toast").forEach(start);
  new MutationObserver((changes) => {
    for (const node of changes.flatMap((change) => [...change.addedNodes])) {
      if (node.matches?.(".toast")) start(node);
    }
  }).observe(corner, { childList: true });
}
