// Lines of a runtime's own log, as people read them. Pure.

const SHOWN_FIRST = ["event", "timestamp", "level"];

// One JSON object a line, of which the time, the level and what happened come first; what is no JSON stays as it is.
export function parsed({ component, text }) {
  let fields;
  try {
    fields = JSON.parse(text);
  } catch {
    fields = null;
  }
  if (fields === null || typeof fields !== "object") return { component, at: null, level: "", words: text };
  const rest = Object.entries(fields).filter(([key]) => !SHOWN_FIRST.includes(key));
  const words = [fields.event, ...rest.map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)].join("  ");
  return { component, at: fields.timestamp ?? null, level: fields.level ?? "", words };
}

// "gitsync.reconcile.loop" -> "reconcile.loop"; all of them, in order.
export const componentsOf = (lines) => [...new Set(lines.map(({ component }) => component))].sort();
export const shortName = (component) => component.replace(/^gitsync\./, "");
