// Numbers as a reader sees them, as a reader types them, and as a command has them.
"use strict";
const quantities = (() => {
  const PREFIXES = { "-18": "a", "-15": "f", "-12": "p", "-9": "n", "-6": "µ", "-3": "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T" };
  const PREFIXED = ["J", "s", "V", "A", "S", "W", "Ω", "m", "Hz"];

  // As Python writes a number, so that a command is the one that `memsweep show` tells.
  function exact(number, whole) {
    if (Number.isNaN(number)) return "null";
    if (whole) return String(number);
    const [digits, power] = number.toExponential().split("e");
    if (power >= -4 && power < 16) return Number.isInteger(number) ? `${number}.0` : String(number);
    return `${digits}e${power[0]}${power.slice(1).padStart(2, "0")}`;
  }

  function digits(value, places, whole) {
    if (Number.isInteger(value) && Math.abs(value) < whole) return value.toLocaleString("en");
    const rounded = Number(value.toPrecision(places));
    const size = Math.abs(rounded);
    return size && (size < 1e-4 || size >= 10 ** places) ? rounded.toExponential().replace("+", "") : String(rounded);
  }
  function quantity(value, unit) {
    if (value === null || value === undefined) return "-";
    if (Array.isArray(value)) return value.map((each) => quantity(each, unit)).join("-") || "none";
    if (typeof value === "boolean") return value ? "True" : "False";
    if (typeof value !== "number") return String(value);
    if (unit === "m²" && value) {
      const power = Math.min(Math.max(6 * Math.floor((Math.log10(Math.abs(value)) + 2) / 6), -18), 0);
      return `${digits(Number((value / 10 ** power).toPrecision(3)), 3, 1e5)} ${PREFIXES[power / 2]}${unit}`;
    }
    if (PREFIXED.includes(unit) && value) {
      const rounded = Number(value.toPrecision(3));
      const top = unit === "s" ? 0 : 12; // Nobody tells long times in kiloseconds.
      const power = Math.min(top, Math.max(-18, 3 * Math.floor(Math.log10(Math.abs(rounded)) / 3 + 1e-12)));
      return `${digits(Number((rounded / 10 ** power).toPrecision(12)), 3, 1e5)} ${PREFIXES[power]}${unit}`;
    }
    return unit ? `${digits(value, 4, 1e9)} ${unit}` : digits(value, 4, 1e9);
  }

  // What is written as `12 pJ`, `12p`, `1.2e-11` or `10,000`, in the unit of a column; NaN for anything else.
  function read(text, unit) {
    const prefixes = "afpnuµμmkMGT";
    const units = { "m²": "(?:m²|m2)", Ω: "(?:Ω|Ω|ohm)" }[unit] ?? unit;
    const found = text.replace(/,(?=\d{3})/g, "").match(`^([-+]?[\\d.]+(?:[eE][-+]?\\d+)?)\\s*(?:([${prefixes}]?)${units}|([${prefixes}]))?$`);
    if (!found) return NaN;
    const letter = (found[2] || found[3] || "").replace(/[uμ]/, "µ");
    const power = Number(Object.keys(PREFIXES).find((each) => PREFIXES[each] === letter));
    return Number(found[1]) * 10 ** (unit === "m²" ? 2 * power : power);
  }

  return { exact, quantity, read };
})();
