// Calls of the service from a page; the cookie stays, the XSRF token is proved.

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || `The service answered ${status}.`);
    this.status = status;
    this.field = problem.field || null;
  }
}

export async function call(service, token, path, body) {
  const headers = { Accept: "application/json", "X-XSRFToken": token };
  const asked = { headers, credentials: "same-origin", cache: "no-store" };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    asked.method = "POST";
    asked.body = JSON.stringify(body);
  }
  const answer = await fetch(`${service}api/v1/${path}`, asked);
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, told);
  return told;
}

// Signs in to the service behind the hub's own sign-in, without leaving the page: the
// hub lets a navigation through its OAuth redirects, and a frame is one.
export function signIn(service, patienceMs = 10000) {
  return new Promise((resolve, reject) => {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.title = "Sign-in to the launch service";
    const end = (settle, value) => {
      window.clearTimeout(timer);
      frame.remove();
      settle(value);
    };
    const timer = window.setTimeout(
      () => end(reject, new Error("The launch service does not answer.")),
      patienceMs,
    );
    frame.addEventListener("load", () => {
      const page = frame.contentDocument;
      const token = page && page.documentElement.dataset.xsrf;
      if (token) end(resolve, token);
      else end(reject, new Error("The launch service does not know you."));
    });
    frame.src = `${service}session`;
    document.body.append(frame);
  });
}
