// Follows a start in the hub, and stops the very server that starts.
"use strict";
(() => {
  const page = document.getElementById("pending");
  const bar = document.getElementById("progress");
  const line = document.getElementById("progress-message");
  const log = document.getElementById("progress-log");
  const stop = document.getElementById("stop-server");
  const error = document.getElementById("stop-error");
  let leaving = false;

  const again = (afterMs) => {
    if (leaving) return;
    leaving = true;
    window.setTimeout(() => window.location.reload(), afterMs);
  };

  const tell = (message) => {
    if (!message || message === line.textContent) return;
    line.textContent = message;
    const entry = document.createElement("li");
    entry.textContent = message;
    log.append(entry);
  };

  const source = new EventSource(page.dataset.progress);
  source.addEventListener("message", (event) => {
    const news = JSON.parse(event.data);
    if (news.progress > 0) bar.value = news.progress;
    tell(news.ready ? "It answers." : news.message);
    if (news.ready || news.failed) {
      source.close();
      // The hub's next page is the server itself, the waiting page, or the reason.
      again(0);
    }
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) again(3000);
  });

  stop.addEventListener("click", async () => {
    stop.disabled = true;
    error.textContent = "";
    tell("Stopping.");
    source.close();
    try {
      const answer = await fetch(page.dataset.server, {
        method: "DELETE",
        headers: { "X-XSRFToken": page.dataset.xsrf },
      });
      if (!answer.ok) {
        const body = await answer.json().catch(() => ({}));
        throw new Error(body.message || `The hub answered ${answer.status}.`);
      }
      leaving = true;
      window.location.assign(page.dataset.home);
    } catch (fault) {
      error.textContent = `It could not be stopped: ${fault.message}`;
      stop.disabled = false;
      again(5000);
    }
  });
})();
