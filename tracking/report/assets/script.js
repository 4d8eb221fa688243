// Draws the figures, links lines and table, and copies commands. The data are in the element `data`: arrays that several
// figures share stand in `arrays`, and {"$": place} where they belong.
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

  // --- data -------------------------------------------------------------------------------------------------------

  const arrays = report.arrays.map((array) => {
    if (array.shape) return array; // Plotly reads arrays of several axes itself.
    const bytes = Uint8Array.from(atob(array.bdata), (letter) => letter.charCodeAt(0));
    return new TYPES[array.dtype](bytes.buffer);
  });

  function filled(value) {
    if (Array.isArray(value)) return value.map(filled);
    if (value === null || typeof value !== "object") return value;
    if ("$" in value) return arrays[value.$];
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each)]));
  }

  const all = filled(report.figures);

  const columns = report.columns.map((column) => {
    if (column.numbers) {
      const numbers = filled(column.numbers);
      return { ...column, at: (row) => (Number.isNaN(numbers[row]) ? null : numbers[row]) };
    }
    const codes = filled(column.codes);
    return { ...column, at: (row) => column.words[codes[row]] };
  });
  const byName = new Map(columns.map((column) => [column.name, column]));
  const shown = columns.filter((column) => !["state", "on_front"].includes(column.name));
  const trialOf = byName.get("trial").at;
  const onFront = byName.get("on_front").at;
  const rowCount = filled(report.columns[0].numbers).length;
  const rowOf = new Map(Array.from({ length: rowCount }, (_, row) => [trialOf(row), row]));

  // --- words ------------------------------------------------------------------------------------------------------

  const PREFIXES = { "-18": "a", "-15": "f", "-12": "p", "-9": "n", "-6": "µ", "-3": "m", 0: "", 3: "k", 6: "M", 9: "G" };
  const PREFIXED = ["J", "s", "V", "A", "S", "W", "Ω"];

  function digits(value, places, whole) {
    if (Number.isInteger(value) && Math.abs(value) < whole) return value.toLocaleString("en");
    const rounded = Number(value.toPrecision(places));
    const size = Math.abs(rounded);
    return size && (size < 1e-4 || size >= 10 ** places) ? rounded.toExponential().replace("+", "") : String(rounded);
  }
  function quantity(value, unit) {
    if (value === null || value === undefined) return "-";
    if (Array.isArray(value)) return value.map((each) => quantity(each, unit)).join("-") || "none";
    if (typeof value !== "number") return String(value);
    if (unit === "m²" && value) {
      const power = Math.min(Math.max(6 * Math.floor((Math.log10(Math.abs(value)) + 2) / 6), -18), 0);
      return `${digits(Number((value / 10 ** power).toPrecision(3)), 3, 1e5)} ${PREFIXES[power / 2]}${unit}`;
    }
    if (PREFIXED.includes(unit) && value) {
      const rounded = Number(value.toPrecision(3));
      const top = unit === "s" ? 0 : 9; // Nobody tells long times in kiloseconds.
      const power = Math.min(top, Math.max(-18, 3 * Math.floor(Math.log10(Math.abs(rounded)) / 3 + 1e-12)));
      return `${digits(Number((rounded / 10 ** power).toPrecision(12)), 3, 1e5)} ${PREFIXES[power]}${unit}`;
    }
    return unit ? `${digits(value, 4, 1e9)} ${unit}` : digits(value, 4, 1e9);
  }
  function written(column, row) {
    const value = column.at(row);
    if (column.name === "trial") return String(value);
    return column.share && value !== null ? value.toFixed(4) : quantity(value, column.unit);
  }

  const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

  const toldRows = new Map();
  function told(trial) {
    const row = rowOf.get(trial);
    if (!toldRows.has(row)) {
      const lines = shown.slice(1).filter((column) => column.at(row) !== null);
      const texts = lines.map((column) => `${column.label}: ${written(column, row)}`);
      toldRows.set(row, [`trial ${trial}`, ...texts].map(escaped).join("<br>"));
    }
    return toldRows.get(row);
  }

  // --- commands ---------------------------------------------------------------------------------------------------

  const quoted = (text) => (/^[\w./:=@,+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

  function command(kind, trial) {
    if (kind === "show") return `memsweep show ${quoted(report.name)} ${trial}${report.homeOption}`;
    const row = rowOf.get(trial);
    const settings = report.searched
      .map((name) => [name, byName.get(name).at(row)])
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `--set ${quoted(`${name}=${typeof value === "object" ? JSON.stringify(value) : value}`)}`);
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

  function compare(a, b) {
    // What is missing comes last either way.
    const [first, second] = [byName.get(order.name).at(a), byName.get(order.name).at(b)];
    if (first === null || second === null) return (first === null) - (second === null);
    const [low, high] = order.down ? [second, first] : [first, second];
    return typeof low === "number" ? low - high : String(low).localeCompare(String(high), "en", { numeric: true });
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
    else if (event.key === "Enter") {
      choose(Number(line.dataset.trial));
      copy("show", Number(line.dataset.trial));
    } else if (event.key === " ") choose(Number(line.dataset.trial));
    else return;
    event.preventDefault();
  });

  // --- the lines --------------------------------------------------------------------------------------------------

  const holder = document.getElementById("parallel");
  const filter = document.getElementById("filter");
  let lines = null;

  function link() {
    const [trace] = all.parallel.data;
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
    lines = parallelLines(holder, { axes, shades: trace.line.color, height: all.parallel.layout.height, onKeep });
    dressLines();
    filter.elements.axis.replaceChildren(...axes.map(({ name }) => new Option(byName.get(name).label, name)));
    filter.addEventListener("submit", (event) => {
      event.preventDefault();
      const fields = filter.elements;
      keepValues(axes, fields.axis.value, fields.low.value.trim(), fields.high.value.trim());
    });
    document.getElementById("clear").addEventListener("click", lines.clear);
  }

  function dressLines(name = theme()) {
    const { colorscale } = report.themes[name].layout.coloraxis;
    lines?.dress(colorscale.map(([, colour]) => colour));
  }

  // A range in numbers or words, for who has no pointer: its rows say which stretch of the axis it is.
  function keepValues(axes, name, low, high) {
    const axis = axes.findIndex((each) => each.name === name);
    const column = byName.get(name);
    const inside = (row) => {
      const value = column.at(row);
      if (typeof value !== "number") return [low, high].includes(written(column, row)) || (!low && !high);
      return (low === "" || value >= Number(low)) && (high === "" || value <= Number(high));
    };
    const found = evaluated.flatMap((row, number) => (inside(row) ? [axes[axis].places[number]] : []));
    // No row: a stretch beyond the axis, which keeps none.
    const top = axes[axis].range[1];
    lines.keep(axis, found.length ? [found.reduce((a, b) => Math.min(a, b)), found.reduce((a, b) => Math.max(a, b))] : [top + 1, top + 2]);
  }

  // --- drawing ----------------------------------------------------------------------------------------------------

  async function draw(plot) {
    const { data, layout } = all[plot.id];
    if (plot.dataset.kind === "trials") {
      for (const trace of data.filter((each) => each.customdata)) {
        trace.text = Array.from(trace.customdata, told);
        trace.hovertemplate = "%{text}<extra></extra>";
      }
    }
    const narrow = plot.clientWidth < 520;
    if (narrow && layout.coloraxis?.colorbar?.title) {
      Object.assign(layout.coloraxis.colorbar, { orientation: "h", y: -0.25, yanchor: "top", thickness: 10 });
      layout.coloraxis.colorbar.title.side = "bottom";
    }
    const style = { responsive: true, displaylogo: false, displayModeBar: narrow ? false : "hover" };
    await Plotly.newPlot(plot, data, { ...layout, template: report.themes[theme()] }, style);
    drawn.push(plot);
    if (plot.dataset.kind === "trials") {
      plot.on("plotly_click", ({ points: [point] }) => {
        if (point.customdata === undefined) return;
        choose(point.customdata);
        copy("show", point.customdata);
      });
    }
  }

  async function tryDraw(plot) {
    try {
      await draw(plot);
    } catch (error) {
      plot.textContent = `This figure cannot be drawn here: ${error.message}`;
    }
    // Between two figures, the page answers.
    await new Promise((go) => setTimeout(go));
  }

  async function drawAll() {
    const waiting = new Set(document.querySelectorAll(".plot"));
    const onScreen = (plot) => {
      const { top, bottom } = plot.getBoundingClientRect();
      return bottom > 0 && top < innerHeight;
    };
    while (waiting.size) {
      // What is on the screen comes first.
      const next = [...waiting].find(onScreen) ?? waiting.values().next().value;
      if (!onScreen(next)) root.dataset.ready ??= String(Math.round(performance.now()));
      waiting.delete(next);
      await tryDraw(next);
    }
    root.dataset.ready ??= String(Math.round(performance.now()));
    root.dataset.drawn = String(Math.round(performance.now()));
  }

  // --- paper ------------------------------------------------------------------------------------------------------

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const each of closed) each.open = true;
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

  if (holder) link();
  drawAll();
})();
