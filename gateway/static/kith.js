// Everything works without this file. It adds three things: what is new is
// announced, an error is found at once, and nobody is signed out while typing.
"use strict";

const alive = () => fetch("/alive", { method: "POST" });

// A page about a child says when there is something new, and leaves it to the
// reader to look: nothing is put under the eyes of somebody who reads.
function announce(place) {
  if (!window.EventSource) return;
  let changes = 0;
  const source = new EventSource(place.dataset.changes);
  source.addEventListener("changed", () => {
    changes += 1;
    place.replaceChildren();
    const words = document.createElement("span");
    words.textContent = changes === 1 ? "Something new was recorded since you opened this page." : changes + " changes were recorded since you opened this page.";
    const show = document.createElement("button");
    show.type = "button";
    show.textContent = "Show what is new";
    show.addEventListener("click", () => window.location.reload());
    place.append(words, show);
  });
  source.addEventListener("ended", () => source.close());
  window.addEventListener("pagehide", () => source.close());
}

// Typing counts as being there: at most once a minute the hub is told.
function stayWhileTyping() {
  let told = Date.now();
  document.addEventListener("input", () => {
    if (Date.now() - told < 60000) return;
    told = Date.now();
    alive();
  });
}

// Two minutes before the session would end, say so and offer to stay.
function warnBeforeTheEnd(seconds) {
  const box = document.getElementById("ending");
  let timer;
  const again = () => {
    clearTimeout(timer);
    box.hidden = true;
    timer = setTimeout(() => { box.hidden = false; }, Math.max(seconds - 120, 30) * 1000);
  };
  box.querySelector("button").addEventListener("click", () => alive().then(again));
  document.addEventListener("input", again);
  again();
}

const live = document.getElementById("live");
if (live && !live.dataset.past) announce(live);
const summary = document.getElementById("error-summary");
if (summary) summary.focus();
const idle = Number(document.body.dataset.idle);
if (idle) { stayWhileTyping(); warnBeforeTheEnd(idle); }
