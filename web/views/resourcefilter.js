// Filters of an application's resources live in the URL; this is the one place that knows how. Pure.
const LISTS = ["kind", "health", "sync", "label", "hide"];
export const CLEARED = { ...Object.fromEntries(LISTS.map((key) => [key, null])), name: null };

export const readResourceFilters = (search) => ({ ...Object.fromEntries(LISTS.map((key) => [key, search.getAll(key)])), name: search.get("name") ?? "" });

export const findsSome = ({ hide, ...wanted }) => Object.values(wanted).some((value) => value.length);

// Hidden ones are not even owners of what is found.
export const isLeft = (node, { hide }) => !(node.extraneous && hide.includes("extraneous")) && !(node.orphaned && hide.includes("orphans"));

const oneOf = (values, value) => !values.length || values.includes(value);
const labelText = ({ key, value }) => `${key}=${value}`;
const keyOf = (text) => text.split("=", 1)[0];

// Values of one key are alternatives, different keys must all hold.
function labelled(node, wanted) {
  if (!wanted.length) return true;
  const has = new Set(node.labels.map(labelText));
  return wanted.every((text) => wanted.some((other) => keyOf(other) === keyOf(text) && has.has(other)));
}

export const passes = (node, { kind, health, sync, label, name }) =>
  `${node.kind} ${node.name}`.toLowerCase().includes(name.toLowerCase()) && oneOf(kind, node.kind) && oneOf(health, node.healthStatus) && oneOf(sync, node.syncStatus) && labelled(node, label);

// What there is and how often, the most frequent first: [{value, count}].
function counted(values) {
  const counts = new Map();
  for (const value of values) if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count || a.value.localeCompare(b.value));
}

export const countedBy = (nodes, of) => counted(nodes.map(of));
export const labelsOf = (nodes) => counted(nodes.flatMap((node) => node.labels.map(labelText)));
