"use strict";
// One cursor over all curves and the map. The page reads whole without this script.
(() => {
  const block = document.getElementById("data");
  if (!block) return;
  const data = JSON.parse(block.textContent);
  const slider = document.getElementById("scrub");
  const stack = document.getElementById("curves");
  const here = document.getElementById("here");
  const rows = document.querySelectorAll("tr[data-segment]");
  const marks = [...stack.querySelectorAll(".cursor")];
  const panels = data.panels.map((panel) => ({
    ...panel,
    now: document.getElementById("now-" + panel.key),
    dot: document.getElementById("dot-" + panel.key),
  }));
  const last = Number(slider.max);

  const two = (number) => String(number).padStart(2, "0");
  const moment = (seconds) => {
    const whole = Math.floor(seconds);
    return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  };
  const signed = (value, digits) => value.toFixed(digits).replace("-", "−");
  const pace = (kmh) => {
    if (kmh < 1.1) return "";
    const seconds = Math.round(3600 / kmh);
    return ` · ${Math.floor(seconds / 60)}:${two(seconds % 60)} min/km`;
  };
  const slope = (index) => {
    const percent = data.gradient ? data.gradient[index] : null;
    return percent === null ? "" : ` · ${percent > 0 ? "+" : ""}${signed(percent, 1)} %`;
  };
  const words = (panel, index) => {
    const value = panel.values[index];
    if (value === null) return "no value";
    const text = `${signed(value, panel.digits)} ${panel.unit}`;
    if (panel.key === "speed") return text + pace(value);
    if (panel.key === "altitude") return text + slope(index);
    return text;
  };
  const covering = (spans, seconds) =>
    spans.findIndex(([start, end]) => start <= seconds && seconds < end);

  const place = (panel, index, x) => {
    const value = panel.values[index];
    const y = value === null ? -1 : (panel.high - value) / (panel.high - panel.low);
    panel.dot.setAttribute("cx", x);
    panel.dot.setAttribute("cy", `${100 * y}%`);
    panel.dot.setAttribute("visibility", y >= 0 && y <= 1 ? "visible" : "hidden");
  };
  const placeOnMap = (index) => {
    if (!here) return;
    const [x, y] = [data.map.x[index], data.map.y[index]];
    here.setAttribute("visibility", x === null ? "hidden" : "visible");
    if (x !== null) here.setAttribute("transform", `translate(${x} ${y})`);
  };
  const markRow = (segment) => {
    document.querySelector("tr.here")?.classList.remove("here");
    rows[segment]?.classList.add("here");
  };

  const show = (index) => {
    const seconds = index * data.step_s;
    const x = `${(100 * seconds) / data.span_s}%`;
    const segment = covering(data.segments, seconds);
    const lap = covering(data.laps, seconds);
    const what = segment < 0 ? "not judged" : data.labels[data.segments[segment][2]];
    const lapName = lap < 0 ? "" : data.laps[lap][2];
    for (const mark of marks) {
      mark.setAttribute("x1", x);
      mark.setAttribute("x2", x);
      mark.setAttribute("visibility", "visible");
    }
    const said = [moment(seconds), what, lapName];
    for (const panel of panels) {
      panel.now.textContent = words(panel, index);
      place(panel, index, x);
      said.push(`${panel.title} ${panel.now.textContent}`);
    }
    document.getElementById("now-time").textContent = moment(seconds);
    document.getElementById("now-what").textContent = what;
    document.getElementById("now-lap").textContent = lapName;
    placeOnMap(index);
    markRow(segment);
    slider.setAttribute("aria-valuetext", said.filter(Boolean).join(", "));
  };
  const moveTo = (index) => {
    slider.value = Math.min(Math.max(Math.round(index), 0), last);
    show(Number(slider.value));
  };
  const follow = (event) => {
    const box = stack.querySelector(".plot").getBoundingClientRect();
    moveTo((((event.clientX - box.left) / box.width) * data.span_s) / data.step_s);
  };

  for (const plot of stack.querySelectorAll(".plot, .ribbon")) {
    plot.addEventListener("pointermove", follow);
    plot.addEventListener("pointerdown", (event) => {
      follow(event);
      slider.focus({ preventScroll: true });
      event.preventDefault();
    });
  }
  slider.addEventListener("input", () => show(Number(slider.value)));
  document.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const free = document.activeElement === document.body;
    if (!step || !free || event.altKey || event.ctrlKey || event.metaKey) return;
    moveTo(Number(slider.value) + step * (event.shiftKey ? 10 : 1));
    event.preventDefault();
  });
  for (const button of document.querySelectorAll("button[data-at]")) {
    button.addEventListener("click", () => moveTo(Math.ceil(button.dataset.at / data.step_s)));
  }
  addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("details")) folded.open = true;
  });

  slider.hidden = false;
  document.getElementById("now").hidden = false;
  moveTo(0);
})();
