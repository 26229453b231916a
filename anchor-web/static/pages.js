// Makes the pages quicker to use. Without it everything still works: prices by a button, the status by a link.
"use strict";
(() => {
  const POLL_MS = 4000;
  const TYPING_MS = 300;

  document.documentElement.classList.add("script");

  // One press, one submission.
  for (const form of document.forms) {
    form.addEventListener("submit", () => {
      setTimeout(() => form.querySelectorAll("button").forEach((button) => { button.disabled = true; }));
    });
  }
  // A page from the browser's memory must not stay locked.
  addEventListener("pageshow", () => {
    document.querySelectorAll("form button").forEach((button) => { button.disabled = false; });
  });

  // What is being corrected is no longer called wrong.
  for (const field of document.querySelectorAll(".wrong")) {
    field.addEventListener("input", () => {
      field.classList.remove("wrong");
      field.querySelector(".error").hidden = true;
      field.querySelector("[aria-invalid]").removeAttribute("aria-invalid");
    }, { once: true });
  }

  const priced = document.querySelector("[data-priced]");
  const price = document.getElementById("price");
  if (priced && price) {
    let timer = 0;
    let asked = 0;
    const show = (answer) => {
      const hint = document.getElementById("price-hint");
      hint.textContent = answer.hint || "";
      hint.hidden = !answer.hint;
      document.getElementById("price-rows").replaceChildren(...answer.rows.map((row) => {
        const line = document.createElement("div");
        if (row.strong) line.className = "strong";
        const label = document.createElement("dt");
        const value = document.createElement("dd");
        label.textContent = row.label;
        const figure = document.createElement("bdi");
        figure.textContent = row.value;
        value.append(figure);
        line.append(label, value);
        return line;
      }));
    };
    const ask = async () => {
      const mine = ++asked;
      const url = new URL(price.dataset.url, location.href);
      url.searchParams.set("amount", priced.value);
      try {
        const response = await fetch(url);
        // an answer to what was typed before is of no use
        if (response.ok && mine === asked) show(await response.json());
      } catch { /* the price comes with the page as well */ }
    };
    priced.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, TYPING_MS);
    });
  }

  const remembered = (key) => { try { return sessionStorage.getItem(key); } catch { return null; } };
  const remember = (key, value) => { try { sessionStorage.setItem(key, value); } catch { /* private mode */ } };

  // The wallet did not tell its origin, so the message goes to whoever opened us: it has what the wallet can ask
  // for anyway.
  const tell = (main) => {
    const wallet = opener || (parent !== window ? parent : null);
    if (!wallet || !main.dataset.message) return;
    wallet.postMessage(JSON.parse(main.dataset.message), "*");
  };
  const finished = () => {
    const main = document.getElementById("status");
    const key = `finished ${main.dataset.id}`;
    if (!("callback" in main.dataset) || remembered(key)) return;
    remember(key, "1");
    tell(main);
  };
  const changed = (main) => {
    const key = `status ${main.dataset.id}`;
    if (!("onChange" in main.dataset) || remembered(key) === main.dataset.status) return;
    remember(key, main.dataset.status);
    tell(main);
  };

  const enliven = (main) => {
    for (const time of main.querySelectorAll("time")) {
      const at = new Date(time.dateTime);
      const style = { dateStyle: "medium", timeStyle: "short" };
      time.textContent = at.toLocaleString(document.documentElement.lang, style);
    }
    if (navigator.clipboard) {
      for (const button of main.querySelectorAll("[data-copy]")) {
        const label = button.textContent;
        button.hidden = false;
        button.addEventListener("click", async () => {
          await navigator.clipboard.writeText(button.dataset.copy);
          button.textContent = button.dataset.copied;
          setTimeout(() => { button.textContent = label; }, 2000);
        });
      }
    }
    const close = main.querySelector("#close");
    if (close) {
      close.hidden = false;
      close.addEventListener("click", () => {
        finished();
        window.close();
        // only windows that a script opened can be closed by one
        main.querySelector("#may-close").hidden = false;
      });
      changed(main);
    }
  };

  const follow = async () => {
    const main = document.getElementById("status");
    if (!("live" in main.dataset)) return;
    try {
      const response = await fetch(location.href);
      if (!response.ok) return;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById("status");
      if (fresh && fresh.dataset.version !== main.dataset.version) {
        document.title = page.title;
        main.replaceWith(document.adoptNode(fresh));
        enliven(fresh);
      }
    } catch { /* offline: try again */ }
    setTimeout(follow, POLL_MS);
  };

  const main = document.getElementById("status");
  if (main) {
    enliven(main);
    setTimeout(follow, POLL_MS);
    if ("id" in main.dataset) addEventListener("pagehide", finished);
  }
})();
