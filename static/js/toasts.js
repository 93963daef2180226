// Short messages in the corner: six seconds, longer under the pointer; errors stay.
const SECONDS = 6;

export function toast(text, level = "") {
  // Errors stay, and the same one may come again and again.
  const shown = [...document.querySelectorAll("#toasts .toast.error p")];
  if (level === "error" && shown.some((words) => words.textContent === text)) return;
  const shape = document.getElementById("toast-shape").content.cloneNode(true);
  const box = shape.querySelector(".toast");
  box.querySelector("p").textContent = text;
  if (level) box.classList.add(level);
  if (level === "error") box.dataset.stay = "";
  document.getElementById("toasts").append(shape);
}

// An answer in plain text is a sentence for whoever waits; other failures have a general one.
export function toastFailure({ status, type, text }) {
  const { msgForbidden, msgFailed } = document.body.dataset;
  const told = type?.startsWith("text/plain") && text;
  toast(told || (status === 403 ? msgForbidden : msgFailed), "error");
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
