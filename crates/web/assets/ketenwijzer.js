// What helps where there is a script. Everything works without it.
(() => {
  "use strict";
  const all = (selector) => document.querySelectorAll(selector);

  // A form that came back with mistakes: the reader starts at them.
  document.getElementById("problems")?.focus();

  // Two minutes before the session ends, say so aloud, and let the reader stay. Another tab may have stayed: the server knows.
  for (const session of all("[data-kw-seconds]")) {
    let timer;
    const ask = async () => {
      const answer = await fetch("/session").catch(() => null);
      if (!answer?.ok) return null;
      const [left, said] = (await answer.text()).split("\n");
      if (Number(left) > 0) session.querySelector("p").textContent = said;
      return Number(left);
    };
    const wait = (left) => {
      clearTimeout(timer);
      const soon = left <= 120;
      session.classList.toggle("kw-session--soon", soon);
      if (soon) session.setAttribute("role", "alert");
      else session.removeAttribute("role");
      timer = setTimeout(async () => {
        const now = (await ask()) ?? (soon ? 0 : 120);
        // What is on the screen goes when the session does.
        if (now > 0) wait(now);
        else location.replace("/signed-out");
      }, (soon ? left + 1 : left - 120) * 1000);
    };
    wait(Number(session.dataset.kwSeconds));
    // Staying leaves the page, and what was typed in it, as they are.
    session.querySelector("form")?.addEventListener("submit", async (sent) => {
      sent.preventDefault();
      const body = new URLSearchParams(new FormData(sent.target));
      await fetch("/stay", { method: "POST", body, redirect: "manual" }).catch(() => null);
      const now = await ask();
      if (now !== null) wait(now);
    });
  }

  // Elfproef while typing; the server judges again.
  for (const field of all("input[data-kw-bsn]")) {
    const help = document.getElementById(field.dataset.kwBsn);
    const judge = () => {
      const digits = field.value.replace(/[\s.-]/g, "");
      if (!help) return;
      if (digits.length < 8) {
        field.setCustomValidity("");
        help.textContent = "";
        return;
      }
      const padded = digits.padStart(9, "0");
      const sum = [...padded].reduce((all, digit, at) => all + (at === 8 ? -1 : 9 - at) * Number(digit), 0);
      const good = /^\d{9}$/.test(padded) && sum % 11 === 0 && sum !== 0;
      field.setCustomValidity(good ? "" : help.dataset.kwWrong);
      help.textContent = good ? help.dataset.kwRight : help.dataset.kwWrong;
      help.classList.toggle("kw-wrong", !good);
    };
    field.addEventListener("input", judge);
  }

  // A part of a page that does not come, or a whole page in its place: say so, and load the page again once the server is there.
  // Until then what was read stays.
  const again = (place) => {
    place.textContent = place.dataset.kwAgain;
    const retry = () => setTimeout(() => fetch("/session").then(() => location.reload(), retry), 3000);
    retry();
  };
  const waiting = (event) => event.detail.ctx?.sourceElement.closest("[data-kw-again]");
  document.addEventListener("htmx:error", (event) => {
    const place = waiting(event);
    if (place) again(place);
  });
  document.addEventListener("htmx:after:request", (event) => {
    const place = waiting(event);
    const { response, text } = event.detail.ctx;
    const unfit = response.status >= 400 || /^\s*<!doctype/i.test(text);
    if (!place || !unfit || response.headers.has("HX-Redirect")) return;
    event.preventDefault();
    again(place);
  });

  for (const button of all("[data-kw-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
