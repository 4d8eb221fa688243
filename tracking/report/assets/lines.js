// Parallel coordinates: a line a configuration on a canvas, axes and ranges over it as SVG. A canvas draws ten thousand
// lines at once without a graphics card, and prints.
"use strict";
function parallelLines(holder, { axes, shades, height, onKeep, onHover, onPick }) {
  const SVG = "http://www.w3.org/2000/svg";
  const ROOM = { left: 70, right: 70, top: 96, bottom: 16 };
  const GRASP_px = 30;
  const CLICK_px = 4;
  const NEAR_px = 6;
  const FAINT = "#8b919c"; // Seen on either paper.
  const canvas = holder.appendChild(document.createElement("canvas"));
  const drawing = holder.appendChild(document.createElementNS(SVG, "svg"));
  const ranges = axes.map(() => null); // Kept stretch of places along each axis, or null for all.
  const count = shades.length;
  const order = Array.from({ length: count }, (_, row) => row).sort((a, b) => shades[a] - shades[b]);
  let colours = [];
  let xs = [];
  let ys = []; // Height of every line at every axis.
  let strong = []; // Lines within all ranges, the last on top.
  let chosen = -1;
  let pointed = -1;
  let width = 0;

  const across = (axis) => ROOM.left + (axis * (width - ROOM.left - ROOM.right)) / Math.max(axes.length - 1, 1);
  const low = height - ROOM.bottom;
  const along = (axis, place) => {
    const [first, last] = axes[axis].range;
    return low - ((place - first) / (last - first)) * (low - ROOM.top);
  };
  const back = (axis, y) => {
    const [first, last] = axes[axis].range;
    return first + ((low - y) / (low - ROOM.top)) * (last - first);
  };
  const kept = (row) => ranges.every((range, axis) => !range || (axes[axis].places[row] >= range[0] && axes[axis].places[row] <= range[1]));

  function element(name, attributes, parent, text) {
    const made = parent.appendChild(document.createElementNS(SVG, name));
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function drawLines() {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.lineWidth = 1;
    xs = axes.map((_, axis) => across(axis));
    ys = axes.map(({ places }, axis) => Float32Array.from(places, (place) => along(axis, place)));
    const stroke = (row) => {
      pen.beginPath();
      for (let axis = 0; axis < xs.length; axis += 1) pen.lineTo(xs[axis], ys[axis][row]);
      pen.stroke();
    };
    strong = order.filter(kept);
    if (strong.length < count) {
      pen.globalAlpha = Math.min(0.5, 300 / count);
      pen.strokeStyle = FAINT;
      for (const row of order) if (!kept(row)) stroke(row);
    }
    // The more lines, the fainter each, down to where a single one is still seen.
    pen.globalAlpha = Math.max(0.06, Math.min(0.8, 160 / Math.max(strong.length, 1)));
    const last = colours.length - 1;
    const [first, span] = [shades[order[0]], shades[order.at(-1)] - shades[order[0]] || 1];
    for (const row of strong) {
      pen.strokeStyle = colours[Math.round(((shades[row] - first) / span) * last)];
      stroke(row);
    }
  }

  function drawAxes() {
    drawing.replaceChildren();
    drawing.setAttribute("width", width);
    drawing.setAttribute("height", height);
    axes.forEach((axis, number) => {
      const group = element("g", { class: "axis", "data-name": axis.name, transform: `translate(${across(number)} 0)` }, drawing);
      element("line", { y1: ROOM.top, y2: low, class: "rule" }, group);
      element("text", { transform: `translate(0 ${ROOM.top - 40}) rotate(-22)`, class: "name" }, group, axis.label);
      axis.ticks.forEach(([place, text]) => {
        const y = along(number, place);
        element("line", { x1: -4, x2: 0, y1: y, y2: y, class: "rule" }, group);
        element("text", { x: -7, y: y + 4, class: "tick" }, group, text);
      });
      if (ranges[number]) {
        const [bottom, top] = ranges[number].map((place) => Math.min(Math.max(along(number, place), ROOM.top - 4), low + 4));
        element("rect", { x: -6, y: top, width: 12, height: Math.max(bottom - top, 3), class: "range" }, group);
      }
      const grasp = { x: -GRASP_px / 2, y: ROOM.top - 8, width: GRASP_px, height: low - ROOM.top + 16, class: "grasp" };
      element("rect", grasp, group).addEventListener("pointerdown", (event) => drag(event, number));
    });
    if (chosen >= 0) {
      trace(chosen, "chosen");
      xs.forEach((x, axis) => element("circle", { cx: x, cy: ys[axis][chosen], r: 4.5, class: "chosen" }, drawing));
    }
    pointed = -1;
  }

  function trace(row, kind) {
    element("polyline", { points: xs.map((x, axis) => `${x},${ys[axis][row]}`).join(" "), class: kind }, drawing);
  }

  // The line that passes nearest to a place between two axes, among those that are kept; -1 for none close by.
  function nearest({ target, clientX, clientY }) {
    if (target.classList.contains("grasp")) return -1;
    const { left, top } = drawing.getBoundingClientRect();
    const [x, y] = [clientX - left, clientY - top];
    const after = xs.findIndex((each) => each >= x);
    if (after < 1) return -1;
    const [before, behind, gap] = [ys[after - 1], ys[after], xs[after] - xs[after - 1]];
    const part = (x - xs[after - 1]) / gap;
    let [found, least] = [-1, NEAR_px];
    for (const row of strong) {
      const rise = behind[row] - before[row];
      const distance = Math.abs(before[row] + part * rise - y) / Math.hypot(1, rise / gap);
      if (distance <= least) [found, least] = [row, distance];
    }
    return found;
  }

  function point(event) {
    const row = event.type === "pointerleave" || event.buttons ? -1 : nearest(event);
    if (row !== pointed) {
      drawing.querySelector(".pointed")?.remove();
      if (row >= 0) trace(row, "pointed");
      pointed = row;
    }
    onHover(row, event);
  }
  holder.addEventListener("pointermove", point);
  holder.addEventListener("pointerleave", point);
  holder.addEventListener("click", (event) => {
    const row = nearest(event);
    if (row >= 0) onPick(row);
  });

  function drag(event, axis) {
    const y = (moved) => moved.clientY - drawing.getBoundingClientRect().top;
    const start = y(event);
    const stretch = (moved) => [start, y(moved)].sort((a, b) => b - a).map((end) => back(axis, end));
    const move = (moved) => {
      ranges[axis] = stretch(moved);
      drawAxes();
    };
    const up = (moved) => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", up);
      // A click lets go.
      keep(axis, Math.abs(y(moved) - start) < CLICK_px ? null : stretch(moved));
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
    event.preventDefault();
  }

  function keep(axis, range) {
    ranges[axis] = range;
    drawLines();
    drawAxes();
    onKeep(order.filter(kept).sort((a, b) => a - b));
  }

  function fit(room = holder.clientWidth) {
    if (room === width || !room) return;
    width = room;
    drawLines();
    drawAxes();
  }
  new ResizeObserver(() => fit()).observe(holder);

  return {
    keep,
    fit,
    clear: () => {
      ranges.fill(null);
      keep(0, null);
    },
    choose: (row) => {
      chosen = row;
      drawAxes();
    },
    dress: (scale) => {
      colours = scale;
      if (width) drawLines();
    },
  };
}
