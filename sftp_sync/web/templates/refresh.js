// The page as it is now, in place of the page as it was. Without this script the browser reloads it.
"use strict";

const PAUSE = 10_000;

function say(words) {
  const place = document.getElementById("freshness");
  if (place && place.textContent !== words) place.textContent = words;
}

// What was unfolded stays so, and who walks by keyboard stays where they are.
function stops() {
  return Array.from(document.querySelectorAll("main a, main summary, main [tabindex]"));
}

function alike(one) {
  return (other) => other.tagName === one.tagName && other.getAttribute("href") === one.getAttribute("href");
}

function marked() {
  const open = Array.from(document.querySelectorAll("details[open][id]"), (one) => one.id);
  const at = stops().find((one) => one === document.activeElement);
  return { open, at, place: at && stops().filter(alike(at)).indexOf(at) };
}

function restore({ open, at, place }) {
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (at) stops().filter(alike(at))[place]?.focus({ preventScroll: true });
}

function replace(text) {
  const next = new DOMParser().parseFromString(text, "text/html");
  const [ours, theirs] = [document.querySelector("main"), next.querySelector("main")];
  if (!ours || !theirs) throw new Error("no page");
  const marks = marked();
  document.title = next.title;
  ours.replaceChildren(...theirs.childNodes);
  restore(marks);
}

async function refresh() {
  // Whoever is copying a command keeps it.
  if (document.hidden || !(document.getSelection()?.isCollapsed ?? true)) return;
  try {
    const answer = await fetch(location.pathname, { cache: "no-store", redirect: "error" });
    replace(await answer.text());
  } catch {
    say(" · sftp-sync does not answer; this is how it was");
  }
}

setInterval(refresh, PAUSE);
document.addEventListener("visibilitychange", refresh);
