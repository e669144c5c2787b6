// The filters of the applications page live in the URL; this is the one place that knows how. Pure.
export const FACETS = [
  { key: "runtime", label: "Runtime", arg: "runtimes", facet: "runtimes" },
  { key: "cluster", label: "Cluster", arg: "clusters", facet: "clusters" },
  { key: "sync", label: "Sync", arg: "statuses", facet: "syncStatuses" },
  { key: "project", label: "Project", arg: "projects", facet: "projects" },
  { key: "label", label: "Label", arg: "labels", facet: "labels" },
];
export const SORTS = {
  name: "name",
  health: "healthStatus",
  sync: "syncStatus",
  runtime: "runtime",
  cluster: "cluster",
  deployed: "lastUpdated",
};
export const PAGE = 50;
const STANDARD_SORT = "-deployed";

export function readFilters(search) {
  const values = Object.fromEntries(FACETS.map(({ key }) => [key, search.getAll(key)]));
  return { ...values, q: search.get("q") ?? "", health: search.getAll("health"), star: search.get("star") === "1" };
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
export function toArguments(filters, without = []) {
  const result = {};
  for (const { key, arg } of FACETS) if (filters[key].length && !without.includes(key)) result[arg] = filters[key];
  if (filters.health.length && !without.includes("health")) result.healthStatuses = filters.health;
  if (filters.q) result.search = filters.q;
  if (filters.star) result.favorite = true;
  return result;
}

export const onlyChoices = (filters) => toArguments(filters, [...FACETS.map(({ key }) => key), "health"]);

export const isFiltered = (filters) => Object.keys(toArguments(filters)).length > 0;

export function toPagination(search) {
  if (search.get("before")) return { last: PAGE, before: search.get("before") };
  return search.get("after") ? { first: PAGE, after: search.get("after") } : { first: PAGE };
}

// Another selection starts from its first page.
export const fromStart = (changes) => ("after" in changes || "before" in changes ? changes : { ...changes, after: null, before: null });
