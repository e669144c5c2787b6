// The filters of the applications page live in the URL; this is the one place that knows how. Pure.
export const FACETS = [
  { key: "runtime", label: "Runtime", arg: "runtimes", facet: "runtimes" },
  { key: "cluster", label: "Cluster", arg: "clusters", facet: "clusters" },
  { key: "environment", label: "Environment", arg: "environments", facet: "environments", word: (value) => value || "none" },
  { key: "sync", label: "Sync", arg: "statuses", facet: "syncStatuses" },
  { key: "namespace", label: "Namespace", arg: "namespaces", facet: "namespaces" },
  { key: "kind", label: "Type", arg: "kinds", facet: "kinds" },
  { key: "project", label: "Project", arg: "projects", facet: "projects" },
  { key: "label", label: "Label", arg: "labels", facet: "labels" },
  { key: "product", label: "Product", arg: "products", facet: "products" },
  { key: "group", label: "Group", arg: "groups", facet: "groups" },
];

// Applications that are in no environment can be asked for, too; nobody counts them beforehand.
export const withNone = (choices, selected) => choices && (choices.length || selected.includes("") ? [...choices, { value: "", count: null }] : choices);
export const SORTS = {
  name: "name",
  health: "healthStatus",
  sync: "syncStatus",
  runtime: "runtime",
  cluster: "cluster",
  deployed: "lastUpdated",
};
export const PAGE = 50;
export const KINDS = { APPLICATION: "Application", APPLICATION_SET: "ApplicationSet", GIT_SOURCE: "Git Source" };
export const UNHEALTHY = ["DEGRADED", "MISSING", "PROGRESSING", "SUSPENDED", "TERMINATED", "UNKNOWN"];
export const VIEWS = ["tree", "list", "cards"];
// How far back the last deployment may lie. Without a word: a month.
export const SINCE = { "7d": ["last 7 days", 7], "30d": ["last 30 days", 30], "90d": ["last 90 days", 90], any: ["at any time", null] };
const STANDARD_SINCE = "30d";
const HOUR = 3_600_000;
const STANDARD_SORT = "-deployed";

export function readFilters(search) {
  const values = Object.fromEntries(FACETS.map(({ key }) => [key, search.getAll(key)]));
  const since = SINCE[search.get("since")] ? search.get("since") : STANDARD_SINCE;
  return { ...values, q: search.get("q") ?? "", health: search.getAll("health"), star: search.get("star") === "1", since };
}

export const isStandardSince = (since) => since === STANDARD_SINCE;
export const readView = (search) => (VIEWS.includes(search.get("view")) ? search.get("view") : "tree");

// Whole hours, so that the same look asks the same for a while.
function updatedSince(since, now) {
  const days = SINCE[since][1];
  return days === null ? null : new Date(Math.floor(now / HOUR) * HOUR - days * 24 * HOUR).toISOString();
}

export function readSort(search) {
  const text = search.get("sort") ?? STANDARD_SORT;
  const key = text.replace(/^-/, "");
  return { key: SORTS[key] ? key : "deployed", order: text.startsWith("-") ? "desc" : "asc" };
}

export const sortText = ({ key, order }) => (order === "desc" ? `-${key}` : key);
export const isStandardSort = (text) => text === STANDARD_SORT;

// What a click on a column's head means: a column that is sorted by already turns round.
export function nextSort(current, key) {
  if (current.key !== key) return { key, order: key === "deployed" ? "desc" : "asc" };
  return { key, order: current.order === "asc" ? "desc" : "asc" };
}

// As GraphQL arguments; `without` leaves a dimension out, so that its own choices keep their counts.
export function toArguments(filters, without = [], now = Date.now()) {
  const result = {};
  for (const { key, arg } of FACETS) if (filters[key].length && !without.includes(key)) result[arg] = filters[key];
  if (filters.health.length && !without.includes("health")) result.healthStatuses = filters.health;
  if (filters.q) result.search = filters.q;
  if (filters.star) result.favorite = true;
  const since = without.includes("since") ? null : updatedSince(filters.since, now);
  if (since) result.updatedSince = since;
  return result;
}

export const onlyChoices = (filters, now) => toArguments(filters, [...FACETS.map(({ key }) => key), "health"], now);

export const isFiltered = (filters) => Object.keys(toArguments(filters, ["since"])).length > 0;

export const CLEARED = Object.fromEntries([...FACETS.map(({ key }) => key), "q", "health", "star", "since"].map((key) => [key, null]));

// Rows under the parents that hold them, in the order in which the first of each family comes: [{row, context, depth, open}].
// A parent that does not match itself is context.
export function grouped(rows) {
  const entries = new Map(rows.map((row) => [row.id, { row, context: false }]));
  const children = new Map();
  const roots = new Set();
  const hang = (row, below) => {
    const { parent } = row;
    if (!parent || below.has(parent.id)) return roots.add(row.id);
    if (!entries.has(parent.id)) entries.set(parent.id, { row: parent, context: true });
    const siblings = children.get(parent.id) ?? new Set();
    children.set(parent.id, siblings.add(row.id));
    return hang(entries.get(parent.id).row, new Set(below).add(parent.id));
  };
  for (const row of rows) hang(row, new Set([row.id]));
  const result = [];
  const walk = (id, depth) => {
    result.push({ ...entries.get(id), depth, open: children.has(id) });
    for (const child of children.get(id) ?? []) walk(child, depth + 1);
  };
  for (const root of roots) walk(root, 0);
  return result;
}

export function toPagination(search) {
  if (search.get("before")) return { last: PAGE, before: search.get("before") };
  return search.get("after") ? { first: PAGE, after: search.get("after") } : { first: PAGE };
}

// Another selection starts from its first page.
export const fromStart = (changes) => ("after" in changes || "before" in changes ? changes : { ...changes, after: null, before: null });

// Of the rows that are here, those that match what was typed since: shown until the answer comes. None: those of before stay.
export function narrowed(rows, text) {
  const found = rows.filter((row) => row.metadata.name.toLowerCase().includes(text.toLowerCase()));
  return found.length ? found : rows;
}

// Groups of applications: how they are ordered, in the same words of the address.
export const GROUP_SORTS = { name: "name", updated: "lastUpdated" };

export function groupSort(search) {
  const text = search.get("sort") ?? "name";
  const key = text.replace(/^-/, "");
  return { key: GROUP_SORTS[key] ? key : "name", order: text.startsWith("-") ? "desc" : "asc" };
}

export function nextGroupSort(current, key) {
  const order = current.key !== key ? (key === "updated" ? "desc" : "asc") : current.order === "asc" ? "desc" : "asc";
  return key === "name" && order === "asc" ? null : sortText({ key, order });
}
