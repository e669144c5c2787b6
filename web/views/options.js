// spec.syncPolicy.syncOptions: a list of Name=value. Pure.
// The option `Name=value` among spec.syncPolicy.syncOptions: its value, or "".
export const optionOf = (options, name) => (options ?? []).find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";

export const withOption = (options, name, value) => {
  const others = (options ?? []).filter((one) => !one.startsWith(`${name}=`));
  if (!value) return others;
  const at = (options ?? []).findIndex((one) => one.startsWith(`${name}=`));
  if (at < 0) return [...others, `${name}=${value}`];
  return [...others.slice(0, at), `${name}=${value}`, ...others.slice(at)];
};

// Names with values, one `name=value` a line: [{name, value}] and back. A line without "=" is a name without a value.
export const linesOf = (pairs) => (Array.isArray(pairs) ? pairs : []).map(({ name = "", value = "" }) => `${name}=${value}`).join("\n");

export const pairsOf = (text) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const at = line.indexOf("=");
      return at < 0 ? { name: line, value: "" } : { name: line.slice(0, at).trim(), value: line.slice(at + 1).trim() };
    });

// The same pairs, with what else the text said of each (`code`, `forceString`) kept where the name is still there.
export const withPairs = (pairs, text) => {
  const known = new Map((Array.isArray(pairs) ? pairs : []).map((one) => [one.name, one]));
  return pairsOf(text).map((one) => ({ ...known.get(one.name), ...one }));
};

// Names in one text, parted by commas, each once; and back.
export const namesOf = (text) => [...new Set(String(text ?? "").split(",").map((name) => name.trim()).filter(Boolean))];

export const withNames = (names) => names.join(",");
