// Which way traffic goes through an application, and where its pods run. Pure.

const inPlace = (namespace, name) => `${namespace ?? ""}/${name}`;

const selects = ({ selector }, pod) => selector.every(({ key, value }) => pod.labels.some((label) => label.key === key && label.value === value));

// [[from, to]]: from what takes traffic in (Ingress, routes) to Services, and from those to pods.
export function waysOf(nodes) {
  const services = nodes.filter(({ kind, group }) => kind === "Service" && !group);
  const byPlace = new Map(services.map((one) => [inPlace(one.namespace, one.name), one]));
  const pods = new Map();
  for (const pod of nodes) if (pod.kind === "Pod") pods.set(pod.namespace, [...(pods.get(pod.namespace) ?? []), pod]);
  const fronts = nodes.flatMap((front) => (front.services ?? []).flatMap((name) => byPlace.get(inPlace(front.namespace, name)) ?? []).map((service) => [front, service]));
  const backs = services.filter(({ selector }) => selector?.length).flatMap((service) => (pods.get(service.namespace) ?? []).filter((pod) => selects(service, pod)).map((pod) => [service, pod]));
  return [...fronts, ...backs];
}

// What stands in the network view: {nodes, parentsOf, more}. An object hangs on the first that leads to it; other ways are in `more`.
export function networkOf(nodes) {
  const ways = waysOf(nodes);
  const parents = new Map();
  for (const [from, to] of ways) parents.set(to.id, [...(parents.get(to.id) ?? []), from.id]);
  const shown = new Set(ways.flatMap(([from, to]) => [from.id, to.id]));
  return {
    nodes: nodes.filter((node) => shown.has(node.id) || node.selector?.length || node.services?.length),
    parentsOf: (node) => parents.get(node.id) ?? [],
    more: [...parents].flatMap(([to, froms]) => froms.slice(1).map((from) => [from, to])),
  };
}

const topOf = (node, byId, seen = new Set()) => {
  const parent = node.parentIds.map((id) => byId.get(id)).find(Boolean);
  return parent && !seen.has(parent.id) ? topOf(parent, byId, seen.add(node.id)) : node;
};

// Pods by where they run, or by what they belong to: [{key, title, kind, pods}].
export function podGroups(nodes, by) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const groups = new Map();
  for (const pod of nodes) {
    if (pod.kind !== "Pod") continue;
    const owner = by === "owner" ? pod.parentIds.map((id) => byId.get(id)).find(Boolean) : by === "top" ? topOf(pod, byId) : null;
    const [key, title, kind] = by === "node" ? [pod.host ?? "", pod.host ?? "not scheduled", "Node"] : owner && owner !== pod ? [owner.id, owner.name, owner.kind] : ["", "on their own", "Pods"];
    if (!groups.has(key)) groups.set(key, { key, title, kind, pods: [] });
    groups.get(key).pods.push(pod);
  }
  const named = (a, b) => a.localeCompare(b, undefined, { numeric: true });
  for (const group of groups.values()) group.pods.sort((a, b) => named(a.name, b.name));
  return [...groups.values()].sort((a, b) => !a.key - !b.key || named(a.title, b.title));
}

// What leads to some pods: their Services, each with what leads to it.
export function endpointsOf(nodes, pods) {
  const ways = waysOf(nodes);
  const wanted = new Set(pods.map(({ id }) => id));
  const services = [...new Set(ways.filter(([, to]) => wanted.has(to.id)).map(([from]) => from))];
  return services.map((service) => ({ service, fronts: ways.filter(([, to]) => to === service).map(([from]) => from) }));
}
