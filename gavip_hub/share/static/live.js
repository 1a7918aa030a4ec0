// Keeps a page of launches true while it is open: events say that something changed,
// and the page itself, asked for again, says what. The words stay in one place.

const main = document.querySelector("main[data-live]");
if (main) follow(main);

function follow(main) {
  const KINDS = ["phase", "queue", "extended", "warning", "usage"];
  const LOOK_EVERY_MS = 20000;
  const LONGEST_PAUSE_MS = 15000;
  const wasRunning = main.dataset.state === "running";
  const link = document.getElementById("link");
  let source = null;
  let last = main.dataset.after || "";
  let pause = 1000;
  let planned = 0;
  let looked = 0;

  if (main.dataset.state === "ended") return;
  listen();
  const clock = window.setInterval(() => {
    if (!document.hidden) look();
  }, LOOK_EVERY_MS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) look();
  });

  function listen() {
    const query = new URLSearchParams({ _xsrf: main.dataset.xsrf });
    if (last) query.set("after", last);
    source = new EventSource(`${main.dataset.stream}?${query}`);
    source.addEventListener("open", () => {
      pause = 1000;
      say("");
      plan(0);
    });
    source.addEventListener("error", lost);
    for (const kind of KINDS) source.addEventListener(kind, heard);
  }

  function heard(event) {
    if (event.lastEventId) last = event.lastEventId;
    // Use is measured often; once in a while is enough to look at it.
    plan(event.type === "usage" ? 4000 : 150);
  }

  function lost() {
    say("Reconnecting … Nothing that waits or runs is lost.");
    if (source.readyState !== EventSource.CLOSED) return;
    window.setTimeout(listen, pause);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }

  function plan(afterMs) {
    const at = Math.max(Date.now() + afterMs, looked + 700);
    if (planned) return;
    planned = window.setTimeout(() => {
      planned = 0;
      look();
    }, at - Date.now());
  }

  async function look() {
    looked = Date.now();
    let answer;
    let text;
    try {
      answer = await fetch(main.dataset.page, {
        headers: { "X-XSRFToken": main.dataset.xsrf },
        credentials: "same-origin",
        cache: "no-store",
      });
      text = await answer.text();
    } catch {
      return;
    }
    if (answer.status === 401 || answer.status === 403) return signedOut();
    if (!answer.ok) return;
    show(new DOMParser().parseFromString(text, "text/html"));
  }

  function show(fresh) {
    const now = fresh.querySelector("main[data-live]");
    if (!now) return;
    if (document.title !== fresh.title) document.title = fresh.title;
    for (const part of now.querySelectorAll("[data-part]")) {
      const here = main.querySelector(`[data-part="${part.dataset.part}"]`);
      if (here && !same(here, part)) here.replaceChildren(...part.childNodes);
    }
    main.dataset.state = now.dataset.state;
    main.dataset.url = now.dataset.url || "";
    if (now.dataset.state === "ended") stop();
    else if (now.dataset.state === "running" && !wasRunning && main.dataset.url) enter();
  }

  // An opened "are you sure?" is not a change.
  function same(here, there) {
    const bare = here.cloneNode(true);
    for (const one of bare.querySelectorAll("details[open]")) one.removeAttribute("open");
    return bare.isEqualNode(there);
  }

  function enter() {
    stop();
    window.location.replace(main.dataset.url);
  }

  function stop() {
    source.close();
    window.clearInterval(clock);
    say("");
  }

  function signedOut() {
    stop();
    say("Your sign-in has ended; what waits or runs goes on. ");
    const again = document.createElement("a");
    again.href = main.dataset.page;
    again.textContent = "Sign in again";
    link.append(again);
  }

  function say(words) {
    if (link.textContent !== words) link.textContent = words;
  }
}
