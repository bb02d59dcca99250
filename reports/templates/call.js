"use strict";
(() => {
  const drawing = document.getElementById("sound");
  if (!drawing) return;
  const player = document.getElementById("player");
  const cursor = document.getElementById("cursor");
  const scroll = document.getElementById("scroll");
  const clock = document.getElementById("clock");
  const at = document.getElementById("at");
  const end = Number(drawing.dataset.end);
  const format = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const rows = Array.from(document.querySelectorAll("#labels tbody tr"));
  const from = player ? Number(player.dataset.from) : 0;
  const until = player ? Number(player.dataset.until) : end;
  let zoom = 1, now = null;

  // the recording's own time, and seconds after t0: both ends are known, and between them time runs evenly
  const length = () => (Number.isFinite(player.duration) && player.duration > 0 ? player.duration : until - from);
  const toCall = (second) => from + (second / length()) * (until - from);
  const toSound = (second) => ((second - from) / (until - from)) * length();

  const show = (second) => {
    now = Math.min(Math.max(second, 0), end);
    const place = (100 * now) / end + "%";
    cursor.setAttribute("x1", place);
    cursor.setAttribute("x2", place);
    cursor.setAttribute("visibility", "visible");
    at.textContent = format.format(now);
    clock.hidden = false;
    for (const row of rows) {
      const last = Math.max(Number(row.dataset.until), Number(row.dataset.at) + 0.3);
      row.classList.toggle("now", Number(row.dataset.at) <= now && now < last);
    }
    follow();
  };
  const follow = () => {
    if (now === null || zoom === 1) return;
    const x = (drawing.clientWidth * now) / end;
    if (x < scroll.scrollLeft || x > scroll.scrollLeft + scroll.clientWidth - 40) scroll.scrollLeft = x - 60;
  };
  const seek = (second) => {
    if (player) player.currentTime = Math.min(Math.max(toSound(second), 0), length());
    show(second);
  };

  drawing.addEventListener("click", (event) => {
    const box = drawing.getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * end);
    if (player) player.play();
  });
  for (const button of document.querySelectorAll("button.seek")) {
    button.hidden = !player;
    button.addEventListener("click", () => {
      seek(Number(button.dataset.at));
      if (player) player.play();
    });
  }
  if (player) {
    let frame = 0;
    const tick = () => {
      show(toCall(player.currentTime));
      frame = player.paused ? 0 : requestAnimationFrame(tick);
    };
    player.addEventListener("play", () => { if (!frame) tick(); });
    player.addEventListener("seeked", () => show(toCall(player.currentTime)));
    player.addEventListener("timeupdate", () => { if (!frame) show(toCall(player.currentTime)); });
  }
  // words that do not fit into their place are shortened, visibly: the table has them whole
  const fit = () => {
    for (const words of drawing.querySelectorAll("svg.span > text")) {
      const room = words.parentNode.querySelector("rect").getBoundingClientRect().width - 8;
      const whole = (words.dataset.whole ??= words.textContent);
      words.textContent = whole;
      let kept = Math.floor((whole.length * room) / words.getComputedTextLength());
      if (kept >= whole.length) continue;
      do {
        kept -= 1;
        words.textContent = kept > 2 ? whole.slice(0, kept) + "…" : "";
      } while (words.textContent && words.getComputedTextLength() > room);
    }
  };
  fit();
  addEventListener("resize", fit);
  document.getElementById("zoom").hidden = false;
  const widen = (factor) => {
    zoom = Math.min(Math.max(zoom * factor, 1), 64);
    drawing.style.width = 100 * zoom + "%";
    fit();
    follow();
  };
  document.getElementById("in").addEventListener("click", () => widen(2));
  document.getElementById("out").addEventListener("click", () => widen(0.5));
  addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("details")) part.open = true; });
})();
