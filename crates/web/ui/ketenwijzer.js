// What helps where there is a script. Everything works without it.
(() => {
  "use strict";
  const all = (selector) => document.querySelectorAll(selector);

  // A form that came back with mistakes: the reader starts at them.
  document.getElementById("problems")?.focus();

  // Two minutes before the session ends, say so aloud, and let the reader stay.
  for (const session of all("[data-kw-seconds]")) {
    const left = Number(session.dataset.kwSeconds);
    setTimeout(() => {
      session.classList.add("kw-session--soon");
      session.setAttribute("role", "alert");
    }, Math.max(0, left - 120) * 1000);
    // What is on the screen goes when the session does.
    setTimeout(() => location.assign("/signed-out"), (left + 1) * 1000);
  }

  // Elfproef while typing; the server judges again.
  for (const field of all("input[data-kw-bsn]")) {
    const help = document.getElementById(field.dataset.kwBsn);
    const judge = () => {
      const digits = field.value.replace(/[\s.-]/g, "");
      if (digits.length < 8 || !help) return field.setCustomValidity("");
      const padded = digits.padStart(9, "0");
      const sum = [...padded].reduce((all, digit, at) => all + (at === 8 ? -1 : 9 - at) * Number(digit), 0);
      const good = /^\d{9}$/.test(padded) && sum % 11 === 0 && sum !== 0;
      field.setCustomValidity(good ? "" : help.dataset.kwWrong);
      help.textContent = good ? help.dataset.kwRight : help.dataset.kwWrong;
      help.classList.toggle("kw-wrong", !good);
    };
    field.addEventListener("input", judge);
  }

  for (const button of all("[data-kw-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
