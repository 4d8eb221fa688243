// Draws the figures, links lines and table, and copies commands. The data are in the element `data`: arrays that several
// figures share stand in `arrays`, and {"$": place} where they belong; they are unpacked as they are needed.
"use strict";
(() => {
  const report = JSON.parse(document.getElementById("data").textContent);
  const TYPES = {
    i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array,
    f4: Float32Array, f8: Float64Array,
  };
  const ROWS_MOST = 200;
  const PRINT_WIDTH_px = { page: 640, half: 315 };
  const root = document.documentElement;
  const { exact, quantity, read } = quantities;

  // --- data -------------------------------------------------------------------------------------------------------

  const unpacked = new Map();
  function array(place) {
    const packed = report.arrays[place];
    if (packed.shape) return packed; // Plotly reads arrays of several axes itself.
    if (!unpacked.has(place)) {
      const letters = atob(packed.bdata);
      const bytes = new Uint8Array(letters.length);
      for (let each = 0; each < letters.length; each += 1) bytes[each] = letters.charCodeAt(each);
      unpacked.set(place, new TYPES[packed.dtype](bytes.buffer));
    }
    return unpacked.get(place);
  }

  function filled(value) {
    if (Array.isArray(value)) return value.map(filled);
    if (value === null || typeof value !== "object") return value;
    if ("$" in value) return array(value.$);
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each)]));
  }

  // A column has its values in `at`, and in `text` as they stand in a command.
  const columns = report.columns.map((column) => {
    if (column.numbers) {
      const numbers = filled(column.numbers);
      const at = (row) => (Number.isNaN(numbers[row]) ? null : numbers[row]);
      return { ...column, at, text: (row) => exact(numbers[row], column.whole) };
    }
    const codes = filled(column.codes);
    const values = column.words.map((word) => JSON.parse(word));
    const texts = column.words.map((word, code) => (typeof values[code] === "string" ? values[code] : word));
    return { ...column, values, at: (row) => values[codes[row]], text: (row) => texts[codes[row]] };
  });
  const byName = new Map(columns.map((column) => [column.name, column]));
  const shown = columns.filter((column) => !["state", "on_front"].includes(column.name));
  const trialOf = byName.get("trial").at;
  const onFront = byName.get("on_front").at;
  const rowCount = filled(report.columns[0].numbers).length;
  const rowOf = new Map(Array.from({ length: rowCount }, (_, row) => [trialOf(row), row]));

  // --- words ------------------------------------------------------------------------------------------------------

  function worded(column, value) {
    if (column.name === "trial") return String(value);
    return column.share && value !== null ? value.toFixed(4) : quantity(value, column.unit);
  }
  const written = (column, row) => worded(column, column.at(row));

  function told(row) {
    const lines = shown.slice(1).filter((column) => column.at(row) !== null);
    return [`trial ${trialOf(row)}`, ...lines.map((column) => `${column.label}: ${written(column, row)}`)].join("\n");
  }

  const tip = document.getElementById("tip");
  function showTip(row, { clientX, clientY }) {
    tip.textContent = told(row);
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    const beside = clientX + 14 + width > innerWidth ? clientX - 14 - width : clientX + 14;
    tip.style.left = `${Math.max(beside, 4)}px`;
    tip.style.top = `${Math.max(Math.min(clientY + 14, innerHeight - height - 4), 4)}px`;
  }
  function hideTip() {
    tip.hidden = true;
  }

  // --- commands ---------------------------------------------------------------------------------------------------

  const quoted = (text) => (/^[\w./:=@,+%-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`);

  function command(kind, trial) {
    if (kind === "show") return `memsweep show ${quoted(report.name)} ${trial}${report.homeOption}`;
    const row = rowOf.get(trial);
    const settings = report.searched.map((name) => `--set ${quoted(`${name}=${byName.get(name).text(row)}`)}`);
    const name = `--set ${quoted(`name=${report.name}-${trial}`)}`;
    return [`memsweep run ${quoted(report.sweepFile)}`, name, ...settings, `--configurations 1${report.homeOption}`].join(" ");
  }

  async function put(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Without a secure context, or in a frame that may not: the older way.
      const area = document.createElement("textarea");
      area.value = text;
      area.style.position = "fixed";
      document.body.append(area);
      const before = document.activeElement;
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      before?.focus();
      return done;
    }
  }

  const toast = document.getElementById("toast");
  let toastTimer = 0;
  async function copy(kind, trial) {
    const text = command(kind, trial);
    const done = await put(text);
    const code = document.createElement("code");
    code.textContent = text;
    const other = kind === "show" ? "rerun" : "show";
    const buttons = [];
    if (other === "show" || report.sweepFile) {
      const words = other === "show" ? "Copy what shows it instead" : "Copy what runs it again instead";
      buttons.push(button(words, () => copy(other, trial)));
    }
    buttons.push(button("Close", hideToast));
    toast.replaceChildren(done ? "Copied:" : "This browser does not let pages copy; the command is:", code, ...buttons);
    toast.hidden = false;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(hideToast, 9000);
  }
  function hideToast() {
    toast.hidden = true;
  }
  function button(words, action) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = words;
    made.addEventListener("click", action);
    return made;
  }

  // --- light and dark ---------------------------------------------------------------------------------------------

  const system = matchMedia("(prefers-color-scheme: dark)");
  const remembered = {
    get: () => {
      try {
        return localStorage.getItem("memsweep-theme");
      } catch {
        return null; // A frame without storage.
      }
    },
    set: (theme) => {
      try {
        localStorage.setItem("memsweep-theme", theme);
      } catch {
        // It lasts as long as the page, then.
      }
    },
  };
  const theme = () => root.dataset.theme ?? (system.matches ? "dark" : "light");
  const drawn = [];
  const redress = () => {
    dressLines();
    return Promise.all(drawn.map((plot) => Plotly.relayout(plot, { template: report.themes[theme()] })));
  };
  if (["light", "dark"].includes(remembered.get())) root.dataset.theme = remembered.get();
  document.getElementById("theme").addEventListener("click", () => {
    root.dataset.theme = theme() === "dark" ? "light" : "dark";
    remembered.set(root.dataset.theme);
    redress();
  });
  system.addEventListener("change", redress);

  // --- the table of configurations --------------------------------------------------------------------------------

  const table = document.getElementById("table");
  const chosenRow = document.getElementById("chosen-row");
  let evaluated = [];
  let kept = [];
  let chosen = null;
  let order = { name: report.sortBy, down: report.sortDown };

  // Numbers by their size, lists by their members in turn, words by the alphabet.
  function ascending(first, second) {
    if (typeof first === "number" && typeof second === "number") return first - second;
    const [these, those] = [[first].flat(), [second].flat()];
    const place = these.findIndex((each, at) => each !== those[at]);
    if (place < 0 || place >= those.length) return these.length - those.length;
    const [one, other] = [these[place], those[place]];
    if (typeof one === "number" && typeof other === "number") return one - other;
    return String(one).localeCompare(String(other), "en", { numeric: true });
  }

  function compare(a, b) {
    // What is missing comes last either way.
    const [first, second] = [byName.get(order.name).at(a), byName.get(order.name).at(b)];
    if (first === null || second === null) return (first === null) - (second === null);
    return order.down ? ascending(second, first) : ascending(first, second);
  }

  function fillHead() {
    const cells = shown.map((column) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.append(
        button(column.label, () => {
          const again = order.name === column.name;
          order = { name: column.name, down: again ? !order.down : report.sortDown && column.name === report.sortBy };
          fillTable();
        }),
      );
      cell.dataset.column = column.name;
      return cell;
    });
    const row = document.createElement("tr");
    row.append(...cells);
    table.tHead.replaceChildren(row);
  }

  function fillTable() {
    const sorted = [...kept].sort(compare);
    const rows = sorted.filter((row, place) => place < ROWS_MOST || onFront(row));
    for (const cell of table.tHead.rows[0].cells) {
      if (cell.dataset.column === order.name) cell.setAttribute("aria-sort", order.down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    table.tBodies[0].replaceChildren(
      ...rows.map((row) => {
        const line = document.createElement("tr");
        line.tabIndex = 0;
        line.dataset.trial = trialOf(row);
        line.setAttribute("aria-selected", String(row === chosen));
        line.append(
          ...shown.map((column, place) => {
            const cell = document.createElement(place ? "td" : "th");
            if (!place) cell.scope = "row";
            cell.textContent = written(column, row) + (!place && onFront(row) ? " ◆" : "");
            return cell;
          }),
        );
        return line;
      }),
    );
    const some = rows.length < kept.length ? `the front (◆) and the first ${ROWS_MOST} in this order, ${rows.length} rows` : "all";
    document.getElementById("count").textContent =
      `${kept.length.toLocaleString("en")} of ${evaluated.length.toLocaleString("en")} evaluated configurations are kept; ` +
      `the table shows ${some}. Enter copies the command of a row.`;
  }

  function choose(trial) {
    chosen = rowOf.get(trial) ?? null;
    if (!table || chosen === null) return;
    for (const line of table.tBodies[0].rows) line.setAttribute("aria-selected", String(Number(line.dataset.trial) === trial));
    chosenRow.replaceChildren(
      `Trial ${trial}`,
      button("Copy: show it", () => copy("show", trial)),
      ...(report.sweepFile ? [button("Copy: run it again", () => copy("rerun", trial))] : []),
    );
    chosenRow.hidden = false;
    lines?.choose(evaluated.indexOf(chosen));
  }
  function pick(trial) {
    choose(trial);
    copy("show", trial);
  }

  document.addEventListener("click", (event) => {
    const copying = event.target.closest("[data-copy]");
    if (copying) {
      copy(copying.dataset.copy, Number(copying.dataset.trial));
      return;
    }
    const line = event.target.closest("tr[data-trial]");
    if (line) choose(Number(line.dataset.trial));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideToast();
    const line = event.target.closest?.("tr[data-trial]");
    if (!line || event.target !== line) return;
    const next = { ArrowDown: line.nextElementSibling, ArrowUp: line.previousElementSibling }[event.key];
    if (next) next.focus();
    else if (event.key === "Enter") pick(Number(line.dataset.trial));
    else if (event.key === " ") choose(Number(line.dataset.trial));
    else return;
    event.preventDefault();
  });

  // --- the lines --------------------------------------------------------------------------------------------------

  const holder = document.getElementById("parallel");
  const filter = document.getElementById("filter");
  const unread = document.getElementById("unread");
  let lines = null;

  function link() {
    const { data: [trace], layout } = filled(report.figures.parallel);
    evaluated = Array.from(trace.customdata, (trial) => rowOf.get(trial));
    kept = evaluated;
    fillHead();
    fillTable();
    const axes = trace.dimensions.map(({ name, label, values, range, tickvals, ticktext }) => ({
      name, range, label: label.replaceAll("<br>", " "), places: values, ticks: tickvals.map((place, number) => [place, ticktext[number]]),
    }));
    const onKeep = (numbers) => {
      kept = numbers.map((number) => evaluated[number]);
      fillTable();
    };
    const onHover = (number, event) => (number < 0 ? hideTip() : showTip(evaluated[number], event));
    const onPick = (number) => pick(trialOf(evaluated[number]));
    lines = parallelLines(holder, { axes, shades: trace.line.color, height: layout.height, onKeep, onHover, onPick });
    dressLines();
    const named = ({ label, unit }) => (unit ? `${label} / ${unit}` : label);
    filter.elements.axis.replaceChildren(...axes.map(({ name }) => new Option(named(byName.get(name)), name)));
    filter.addEventListener("submit", (event) => {
      event.preventDefault();
      keepTyped(axes);
    });
    document.getElementById("clear").addEventListener("click", () => {
      for (const field of [filter.elements.low, filter.elements.high]) {
        field.value = "";
        mark(field, true);
      }
      lines.clear();
    });
  }

  function dressLines(name = theme()) {
    const { colorscale } = report.themes[name].layout.coloraxis;
    lines?.dress(colorscale.map(([, colour]) => colour));
  }

  // A range in numbers or words, for who has no pointer: its rows say which stretch of the axis it is.
  function keepTyped(axes) {
    const { axis: select, low, high } = filter.elements;
    const axis = axes.findIndex((each) => each.name === select.value);
    const column = byName.get(select.value);
    const ends = [low, high].map((field) => end(column, field));
    if (!ends.every(Boolean)) {
      lines.keep(axis, null);
      return;
    }
    const found = evaluated.flatMap((row, number) => (within(column, row, ...ends) ? [axes[axis].places[number]] : []));
    // No row: a stretch beyond the axis, which keeps none.
    const top = axes[axis].range[1];
    lines.keep(axis, found.length ? [found.reduce((a, b) => Math.min(a, b)), found.reduce((a, b) => Math.max(a, b))] : [top + 1, top + 2]);
  }

  // An end of a range as it was typed; null, and told, if it cannot be read.
  function end(column, field) {
    const typed = field.value.trim();
    const number = column.numbers ? read(typed, column.unit) : NaN;
    const words = [typed, worded(column, number)].map((each) => each.toLowerCase());
    const known = !typed || !Number.isNaN(number) || evaluated.some((row) => written(column, row).toLowerCase() === words[0]);
    mark(field, known);
    if (known) return { open: !typed, number, words };
    const example = evaluated.find((row) => column.at(row) !== null) ?? evaluated[0];
    unread.textContent = `"${typed}" is no value of ${column.label}, so all are kept; write one such as ${written(column, example)}.`;
    return null;
  }

  function mark(field, known) {
    if (known) field.removeAttribute("aria-invalid");
    else field.setAttribute("aria-invalid", "true");
    unread.hidden = !filter.querySelector("[aria-invalid]");
  }

  function within(column, row, low, high) {
    if (low.open && high.open) return true;
    // What is written like an end is inside, though it may lie a little beyond it.
    const words = written(column, row).toLowerCase();
    if ([low, high].some((each) => !each.open && each.words.includes(words))) return true;
    const value = column.at(row);
    return column.numbers && value !== null && (low.open || value >= low.number) && (high.open || value <= high.number);
  }

  // --- drawing ----------------------------------------------------------------------------------------------------

  const waiting = new Set(document.querySelectorAll(".plot"));

  // Plotly draws what stands in a report before this returns.
  function draw(plot) {
    waiting.delete(plot);
    const { data, layout } = filled(report.figures[plot.id]);
    const ofTrials = plot.dataset.kind === "trials";
    for (const trace of data.filter((each) => ofTrials && each.customdata)) {
      // Ours tells a point only when it is pointed at.
      delete trace.hovertemplate;
      trace.hoverinfo = "none";
    }
    const narrow = plot.clientWidth < 520;
    if (narrow && layout.coloraxis?.colorbar?.title) {
      Object.assign(layout.coloraxis.colorbar, { orientation: "h", y: -0.25, yanchor: "top", thickness: 10 });
      layout.coloraxis.colorbar.title.side = "bottom";
      delete layout.margin;
    }
    const style = { responsive: true, displaylogo: false, displayModeBar: narrow ? false : "hover" };
    try {
      Plotly.newPlot(plot, data, { ...layout, template: report.themes[theme()] }, style);
    } catch (error) {
      plot.textContent = `This figure cannot be drawn here: ${error.message}`;
      return;
    }
    drawn.push(plot);
    if (!ofTrials) return;
    const onTrial = (act) => ({ points: [{ customdata: trial }], event }) => trial !== undefined && act(trial, event);
    plot.on("plotly_click", onTrial(pick));
    plot.on("plotly_hover", onTrial((trial, event) => showTip(rowOf.get(trial), event)));
    plot.on("plotly_unhover", hideTip);
  }

  const onScreen = (plot) => {
    const { top, bottom } = plot.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  };
  const seen = () => new Promise((go) => requestAnimationFrame(() => setTimeout(go)));
  const stamp = (name) => {
    root.dataset[name] ??= String(Math.round(performance.now()));
  };

  async function drawAll() {
    // The first figure before the many lines and rows; then what is on the screen comes first.
    if (waiting.size) draw([...waiting].find(onScreen) ?? waiting.values().next().value);
    await seen();
    stamp("first");
    if (holder && !lines) link();
    while (waiting.size) {
      const next = [...waiting].find(onScreen);
      if (!next) stamp("ready");
      draw(next ?? waiting.values().next().value);
      // Between two figures, the page answers.
      await new Promise((go) => setTimeout(go));
    }
    stamp("ready");
    stamp("drawn");
  }

  // --- paper ------------------------------------------------------------------------------------------------------

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const each of closed) each.open = true;
    if (holder && !lines) link();
    for (const plot of waiting) draw(plot);
    dressLines("light");
    lines?.fit(PRINT_WIDTH_px.page);
    for (const plot of drawn) {
      const width = plot.closest(".grid") ? PRINT_WIDTH_px.half : PRINT_WIDTH_px.page;
      Plotly.relayout(plot, { width, template: report.themes.light });
    }
  });
  addEventListener("afterprint", () => {
    for (const each of closed) each.open = false;
    dressLines();
    lines?.fit();
    for (const plot of drawn) Plotly.relayout(plot, { width: null, autosize: true, template: report.themes[theme()] });
  });

  drawAll();
})();
