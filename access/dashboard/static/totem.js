// Keeps a page true: puts in what changed, says since when nothing was heard, and opens a panel beside the plan.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const PATIENCE_MS = 31000;
  const RECONNECT_MS = 5000;
  const PANEL_MS = 700;
  const root = document.documentElement;
  let timer = 0;
  let failing = false;

  // On a phone the menu is a strip that scrolls: the page it stands on is brought into it, once there is something to see.
  const strip = document.querySelector(".pages");
  const here = strip && strip.querySelector("[aria-current]");
  if (here) {
    window.requestAnimationFrame(() => {
      strip.scrollLeft += here.getBoundingClientRect().left - strip.getBoundingClientRect().left - (strip.clientWidth - here.offsetWidth) / 2;
    });
  }

  const stale = () => { root.dataset.stream = "stale"; };

  const expectWithin = (ms) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(stale, ms);
  };

  const heard = () => {
    failing = false;
    root.dataset.stream = "live";
    expectWithin(PATIENCE_MS);
  };

  // Only the first error counts: each vain attempt to connect is another, and must not buy time.
  const failed = () => {
    if (!failing) {
      failing = true;
      expectWithin(RECONNECT_MS);
    }
  };

  // An element stays while its inside is replaced, so that whoever stands on it by keyboard stays there.
  const putIn = (message) => {
    const parsed = new DOMParser().parseFromString(message.data, "text/html");
    for (const fresh of parsed.querySelectorAll("[id]")) {
      const there = document.getElementById(fresh.id);
      if (there) {
        there.setAttribute("class", fresh.getAttribute("class") || "");
        there.replaceChildren(...fresh.childNodes);
        there.dataset.fresh = "";
      }
      document.dispatchEvent(new CustomEvent("totem:changed", { detail: fresh.id }));
    }
  };

  // The extension re-creates its EventSource after some errors: listen to each one.
  document.addEventListener("htmx:sseOpen", (opened) => {
    heard();
    opened.detail.source.addEventListener("beat", heard);
    opened.detail.source.addEventListener("piece", (message) => { heard(); putIn(message); });
    opened.detail.source.addEventListener("feed", () => document.dispatchEvent(new Event("totem:feed")));
  });
  document.addEventListener("htmx:sseMessage", heard);
  document.addEventListener("htmx:sseError", failed);
  // Pages that ask again by themselves are as old as their last answer.
  document.addEventListener("htmx:afterOnLoad", () => {
    if (!document.querySelector("[sse-connect]")) { root.dataset.stream = "live"; }
  });
  for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    document.addEventListener(failure, () => {
      if (!document.querySelector("[sse-connect]")) { stale(); }
    });
  }
  if (document.querySelector("[sse-connect]")) { expectWithin(RECONNECT_MS); }

  // A list that asks again by itself waits while somebody chooses in it.
  document.addEventListener("htmx:beforeSwap", (swap) => {
    const chooses = document.activeElement && document.activeElement.matches("select, input");
    if (chooses && swap.detail.target.matches("[data-patient]") && swap.detail.target.contains(document.activeElement)) {
      swap.detail.shouldSwap = false;
    }
  });

  // What a door or a lockdown answered is brought before whoever asked.
  document.addEventListener("htmx:afterSwap", (swapped) => {
    if (swapped.target.matches(".answer")) { swapped.target.scrollIntoView({ block: "nearest" }); }
  });

  // ---- a place, in the panel beside the plan or on a page of its own: fresh when what is shown of it has changed
  const panel = document.getElementById("panel");
  const content = panel ? panel.querySelector(".panel-content") : document.querySelector(".one-place");
  if (!content) {
    return;
  }
  let opener = null;
  let address = panel ? "" : window.location.pathname + window.location.search;
  let waiting = 0;

  const isShown = () => !panel || panel.open;
  const refresh = (part) =>
    window.htmx.ajax("GET", address, { target: part, select: ".panel-live", swap: "outerHTML" });
  // Not under somebody's fingers.
  const refreshSoon = () => {
    const part = content.querySelector(".panel-live");
    if (isShown() && part && !waiting) {
      waiting = window.setTimeout(() => {
        waiting = 0;
        if (!part.contains(document.activeElement) && !part.querySelector("details[open]")) { refresh(part); }
      }, PANEL_MS);
    }
  };
  document.addEventListener("totem:changed", (changed) => {
    if (changed.detail.endsWith(`:${address.split(/[/?]/)[2]}`)) { refreshSoon(); }
  });
  document.addEventListener("totem:feed", () => {
    if (address.startsWith("/doors/")) { refreshSoon(); }
  });

  // ---- the panel; without a script the same links lead to the same pages
  if (!panel) {
    return;
  }
  const load = () => window.htmx.ajax("GET", address, { target: content });

  document.addEventListener("click", (click) => {
    const link = click.target.closest("a[href^='/spaces/'], a[href^='/doors/']");
    if (!link || click.button !== 0 || click.ctrlKey || click.metaKey || click.shiftKey) {
      return;
    }
    click.preventDefault();
    opener = panel.contains(link) ? opener : link;
    address = link.getAttribute("href");
    load().then(() => {
      if (!panel.open) { panel.show(); }
      panel.querySelector("h2").focus();
    });
  });
  panel.querySelector(".close").addEventListener("click", () => panel.close());
  panel.addEventListener("close", () => { if (opener) { opener.focus(); } });
  document.addEventListener("keydown", (key) => {
    if (key.key === "Escape" && panel.open) { panel.close(); }
  });
});
