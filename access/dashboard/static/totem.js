// Says whether the page is live: the stream is open and was heard within the last three heartbeats.
"use strict";
(() => {
  const PATIENCE_MS = 31000;
  const RECONNECT_MS = 5000;
  const root = document.documentElement;
  let timer = 0;
  let failing = false;

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

  // The extension re-creates its EventSource after some errors: listen to each one.
  document.addEventListener("htmx:sseOpen", (opened) => {
    heard();
    opened.detail.source.addEventListener("beat", heard);
  });
  document.addEventListener("htmx:sseMessage", heard);
  // Only the first error counts: each vain attempt to connect is another, and must not buy time.
  document.addEventListener("htmx:sseError", () => {
    if (!failing) {
      failing = true;
      expectWithin(RECONNECT_MS);
    }
  });
  expectWithin(RECONNECT_MS);
})();
