// While a run goes on: its progress in the title and the tab's icon, and whether the page is connected.
const COLOUR = { live: "#0b8f85", ok: "#0b6f6a", stop: "#7a8a8d", fail: "#c2570f" };
const title = document.title;
const icon = document.querySelector('link[rel="icon"]');
// The server closes the socket so when nothing more will come.
const FINISHED = 1000;
// It closes it so when the reader may not read this page any more, or not with these buttons.
const NOT_ALLOWED = 4403;
const RELOADED = "promptlab-reloaded";
const RELOAD_EVERY_MS = 10000;
const ASK_EVERY_MS = 5000;
const NEAR_TOP = 40;
let drawn = "";

function ring(share, colour) {
  const angle = 2 * Math.PI * Math.min(share, 0.9999);
  const x = (8 + 6 * Math.sin(angle)).toFixed(2);
  const y = (8 - 6 * Math.cos(angle)).toFixed(2);
  const arc = `M8 2A6 6 0 ${share > 0.5 ? 1 : 0} 1 ${x} ${y}`;
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke-width="3">' +
    '<circle cx="8" cy="8" r="6" stroke="#8aa" stroke-opacity=".4"/>' +
    (share > 0 ? `<path d="${arc}" stroke="${colour}"/>` : "") +
    "</svg>";
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

function follow() {
  const status = document.getElementById("run-status");
  if (!status) return;
  const { done = "0", state = "live", best = "" } = status.dataset;
  const now = [done, state, best].join();
  if (now === drawn) return;
  drawn = now;
  const marks = { live: `(${Math.round(done * 100)}%)`, ok: `✓ ${best}`, stop: "–", fail: "✕" };
  document.title = `${marks[state] ?? ""} ${title}`.trim();
  icon.href = ring(state === "live" ? Number(done) : 1, COLOUR[state] ?? COLOUR.stop);
}

// While no socket is open, the page asks instead; some proxies let none through.
let asking = 0;

function ask() {
  document.querySelector("[data-poll]")?.dispatchEvent(new CustomEvent("live:poll"));
}

function connected(yes) {
  clearInterval(asking);
  if (!yes) asking = setInterval(ask, ASK_EVERY_MS);
  const chip = document.getElementById("reconnecting");
  if (chip) chip.hidden = yes;
  const bar = document.querySelector("#run-status progress");
  bar?.classList.toggle("still", !yes);
}

// New rows above a list that someone has scrolled: a pill counts them instead of moving the list.
function announce(scroller) {
  const rows = scroller.querySelector("tbody");
  const pill = document.createElement("button");
  pill.type = "button";
  pill.className = "pill";
  let fresh = 0;
  const clear = () => {
    if (scroller.scrollTop > NEAR_TOP) return;
    fresh = 0;
    pill.remove();
  };
  pill.addEventListener("click", () => scroller.scrollTo({ top: 0 }));
  scroller.addEventListener("scroll", clear, { passive: true });
  new MutationObserver((changes) => {
    const added = changes.flatMap((change) => [...change.addedNodes]);
    fresh += added.filter((node) => node.nodeName === "TR").length;
    if (!fresh || scroller.scrollTop <= NEAR_TOP) return clear();
    pill.textContent = scroller.dataset.msgNew.replace("{n}", fresh);
    if (!pill.isConnected) scroller.prepend(pill);
  }).observe(rows, { childList: true });
}

// The list of trials may come with a later message.
const announced = new WeakSet();

function look() {
  follow();
  for (const scroller of document.querySelectorAll("[data-msg-new]")) {
    if (announced.has(scroller) || !scroller.querySelector("tbody")) continue;
    announced.add(scroller);
    announce(scroller);
  }
}

// What comes by the socket is drawn for all who look, so its forms hold nobody's token: they take the page's.
document.addEventListener("submit", ({ target: form }) => {
  if (form.method !== "post" || form.elements.csrfmiddlewaretoken) return;
  const { "X-CSRFToken": value } = JSON.parse(document.body.getAttribute("hx-headers:inherited"));
  const token = document.createElement("input");
  form.append(Object.assign(token, { type: "hidden", name: "csrfmiddlewaretoken", value }));
});

// What the reader may see now is what the page says when it is loaded again; not over and over.
function reloadOnce() {
  const since = Date.now() - Number(sessionStorage.getItem(RELOADED));
  if (since < RELOAD_EVERY_MS) return false;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
  return true;
}

// Of what ended, only decisions are news: who comes back to the page sees them.
let finished = false;
document.addEventListener("visibilitychange", () => finished && !document.hidden && ask());

document.addEventListener("htmx:ws:close", (event) => {
  const { reason, code } = event.detail;
  if (reason !== "closed") return;
  finished = code === FINISHED;
  if (finished) return;
  if (code === NOT_ALLOWED && reloadOnce()) return;
  connected(false);
});
document.addEventListener("htmx:ws:error", () => connected(false));
document.addEventListener("htmx:ws:after:connection", () => connected(true));
document.addEventListener("htmx:ws:after:message:incoming", look);
document.addEventListener("htmx:after:swap", look);
look();
// htmx looks for its extensions in a timer, which may fire before the file of the socket has come.
for (const place of document.querySelectorAll("[hx-ws\\:connect]")) htmx.process(place);
