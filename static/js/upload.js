// Files: dropping, and progress in percent. fetch cannot report what it has sent, XMLHttpRequest can.
import { toast, toastFailure } from "./toasts.js";

function show(form, percent, text) {
  const box = form.querySelector("[data-progress]");
  if (!box) return;
  box.hidden = percent === undefined;
  const bar = box.querySelector("progress");
  if (percent === null) bar.removeAttribute("value");
  else bar.value = percent ?? 0;
  box.querySelector("output").textContent = text;
}

function send(form, submitter) {
  const request = new XMLHttpRequest();
  const started = performance.now();
  const fail = () => {
    finish(form, submitter);
    toast(document.body.dataset.msgOffline, "error");
  };
  request.open("POST", form.action);
  request.setRequestHeader("HX-Request", "true");
  request.setRequestHeader("HX-Request-Type", "partial");
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    const seconds = (performance.now() - started) / 1000;
    const left = Math.ceil(((total - loaded) / loaded) * seconds);
    const percent = Math.round((100 * loaded) / total);
    show(form, percent, `${percent}% · ${left} s`);
  });
  request.upload.addEventListener("load", () => show(form, null, form.dataset.msgSent ?? ""));
  request.addEventListener("load", () => receive(form, submitter, request));
  request.addEventListener("error", fail);
  request.addEventListener("abort", fail);
  submitter?.setAttribute("aria-busy", "true");
  request.send(new FormData(form));
}

function receive(form, submitter, request) {
  finish(form, submitter);
  const elsewhere = request.getResponseHeader("HX-Redirect");
  if (elsewhere) location.assign(elsewhere);
  else if (request.status < 400 || request.status === 422) {
    htmx.swap({
      sourceElement: form,
      target: form.dataset.target,
      swap: form.dataset.swap ?? "innerHTML",
      text: request.responseText,
    });
  } else {
    // The form stays as it is, with the file, to be sent again.
    const type = request.getResponseHeader("Content-Type");
    toastFailure({ status: request.status, type, text: request.responseText });
  }
}

function finish(form, submitter) {
  show(form, undefined, "");
  submitter?.removeAttribute("aria-busy");
  delete form.dataset.sent;
}

// Before app.js marks the form as sent.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!("upload" in form.dataset)) return;
    event.preventDefault();
    if (form.dataset.sent) return;
    form.dataset.sent = "1";
    send(form, event.submitter);
  },
  true,
);

for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const zone = event.target.closest?.("[data-drop]");
    if (!zone) return;
    event.preventDefault();
    zone.classList.toggle("over", kind === "dragenter" || kind === "dragover");
    if (kind !== "drop" || !event.dataTransfer.files.length) return;
    const field = zone.querySelector('input[type="file"]');
    field.files = event.dataTransfer.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
}
