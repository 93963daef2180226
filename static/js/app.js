// Loaded on every page: what buttons do, and what to load for the elements that are there.
import { copy } from "./clipboard.js";
import "./keys.js";
import { toast, toastFailure, watchToasts } from "./toasts.js";

const messages = document.body.dataset;

const actions = {
  "[data-theme-toggle]": () => globalThis.switchTheme(),
  "[data-dialog-open]": (button) => {
    button.closest("details.menu")?.removeAttribute("open");
    // Browsers that know `commandfor` open it themselves, with or without scripts.
    if (!button.commandForElement) document.getElementById(button.dataset.dialogOpen)?.showModal();
  },
  "[data-close]": (button) => {
    const dialog = button.closest("dialog");
    if (dialog) dialog.close();
    else button.closest(".toast")?.remove();
  },
  "[data-copy], [data-copy-from]": async (button) => {
    const source = document.getElementById(button.dataset.copyFrom);
    await copy(source ? source.textContent : button.dataset.copy);
    toast(messages.msgCopied);
  },
  "[data-href]": (mark) => location.assign(mark.dataset.href),
  "[data-palette]": () => document.dispatchEvent(new CustomEvent("palette:open")),
};

document.addEventListener("click", (event) => {
  for (const [selector, act] of Object.entries(actions)) {
    const found = event.target.closest(selector);
    if (found) act(found);
  }
  closeMenus(event.target);
});

// A disabled button keeps the focus but does nothing. It is stopped on the way down, because htmx
// listens on the elements themselves.
document.addEventListener(
  "click",
  (event) => {
    if (!event.target.closest('[aria-disabled="true"]')) return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

function closeMenus(inside) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(inside)) menu.open = false;
  }
}

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.addEventListener("focusin", (event) => closeMenus(event.target));

// A click beside a dialog closes it.
document.addEventListener("mousedown", (event) => {
  const dialog = event.target;
  if (!(dialog instanceof HTMLDialogElement)) return;
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  const { clientX: x, clientY: y } = event;
  if (x < left || x > right || y < top || y > bottom) dialog.close();
});

// Two presses send a form once; pages from the back-forward cache can send again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
});

// A page must not be left with changes in a form that says so.
addEventListener("input", (event) => {
  const form = event.target.closest("form[data-guard]");
  if (form) form.dataset.changed = "1";
});
addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-changed]:not([data-sent])")) event.preventDefault();
});

document.addEventListener("htmx:response:error", (event) => {
  const { ctx } = event.detail;
  const { status } = ctx.response;
  if (status === 422) return; // The answer shows the errors beside their fields.
  if (ctx.sourceElement?.matches("[data-poll]")) return; // The page says that it is not connected.
  toastFailure({ status, type: ctx.response.headers.get("Content-Type"), text: ctx.text });
});
document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx) toast(messages.msgOffline, "error");
});

// Written out, because the names of the files are replaced by hashed ones.
const modules = {
  "prompt-field": () => import("./prompt-field.js"),
  "form[data-upload], [data-drop]": () => import("./upload.js"),
  "#run-status": () => import("./live.js"),
};

function enhance() {
  for (const [selector, load] of Object.entries(modules)) {
    if (document.querySelector(selector)) load();
  }
  document.querySelector("[data-focus]:not([data-focused])")?.focus();
  for (const seen of document.querySelectorAll("[data-focus]")) seen.dataset.focused = "1";
}

// Fetched when it is first asked for, and opened once it is there: no key press is lost.
document.addEventListener("palette:open", async () => {
  if (!document.getElementById("palette")) return;
  const { open } = await import("./palette.js");
  open();
});

document.addEventListener("htmx:after:swap", enhance);
watchToasts(document.getElementById("toasts"));
enhance();
