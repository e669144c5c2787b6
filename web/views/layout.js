// Where the nodes of a resource tree stand: from left to right, children below one another beside their parent. Pure and
// deterministic: the same nodes give the same places, so nothing moves when only a status changes.
import { TREE } from "./tokens.js";

const FAMILIES = [
  ["workload", /^(Deployment|ReplicaSet|StatefulSet|DaemonSet|Job|CronJob|Rollout|ReplicationController)$/],
  ["pod", /^Pod$/],
  ["network", /^(Service|Ingress|IngressClass|NetworkPolicy|Endpoints|EndpointSlice|HTTPRoute|Gateway)$/],
  ["storage", /^(PersistentVolumeClaim|PersistentVolume|StorageClass|VolumeAttachment)$/],
  ["access", /^(ServiceAccount|Role|RoleBinding|ClusterRole|ClusterRoleBinding|PodDisruptionBudget)$/],
  ["config", /^(ConfigMap|Secret)$/],
  ["application", /^(Application|ApplicationSet|AppProject)$/],
];

export const familyOf = (kind) => FAMILIES.find(([, kinds]) => kinds.test(kind))?.[0] ?? "thing";

const rank = (kind) => {
  const at = FAMILIES.findIndex(([, kinds]) => kinds.test(kind));
  return at < 0 ? FAMILIES.length : at;
};
const inOrder = (a, b) => rank(a.kind) - rank(b.kind) || a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name, undefined, { numeric: true });

export const isFine = (node) =>
  (!node.healthStatus || node.healthStatus === "HEALTHY") && (!node.syncStatus || node.syncStatus === "SYNCED") && !node.requiresPruning;

export const ROOT = "root";

const ownersOf = (node) => node.parentIds;

// Children per node id; what has no known owner belongs to the application.
export function childrenOf(nodes, parentsOf = ownersOf) {
  const known = new Set(nodes.map((node) => node.id));
  const children = new Map();
  for (const node of nodes) {
    const parent = parentsOf(node).find((id) => known.has(id) && id !== node.id) ?? ROOT;
    if (!children.has(parent)) children.set(parent, []);
    children.get(parent).push(node);
  }
  for (const siblings of children.values()) siblings.sort(inOrder);
  return children;
}

// Ids of nodes that pass the filters, and of their owners, which stay to hold them.
export function visibleIds(nodes, passes) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const hits = new Set(nodes.filter(passes).map((node) => node.id));
  const shown = new Set(hits);
  for (const id of hits) {
    let parent = byId.get(id).parentIds[0];
    while (parent && byId.has(parent) && !shown.has(parent)) {
      shown.add(parent);
      parent = byId.get(parent).parentIds[0];
    }
  }
  return { hits, shown };
}

const fineBelow = (node, children) => isFine(node) && (children.get(node.id) ?? []).every((child) => fineBelow(child, children));

// More than five equal siblings that are fine become one entry; what is wrong is never folded.
function folded(siblings, parent, children, unfolded) {
  const groups = new Map();
  for (const node of siblings) {
    if (node.kind === "Application" || !fineBelow(node, children)) continue; // an application is a place to go to
    if (!groups.has(node.kind)) groups.set(node.kind, []);
    groups.get(node.kind).push(node);
  }
  const result = [];
  const done = new Set();
  for (const node of siblings) {
    const group = groups.get(node.kind) ?? [];
    const id = `fold:${parent}:${node.kind}`;
    if (!group.includes(node) || group.length < TREE.foldFrom || unfolded.has(id)) result.push(node);
    else if (!done.has(id)) {
      done.add(id);
      result.push({ id, fold: true, kind: node.kind, name: `${group.length} × ${node.kind}`, members: group.map((member) => member.id), parentIds: [], healthStatus: "HEALTHY" });
    }
  }
  return result;
}

// {entries: [{id, node, x, y, below, collapsed}], links: [[from, to]]} for the visible part of the tree.
// `parentsOf` says under what a node stands; `more`: links besides, which move nothing.
export function arrange(nodes, application, { collapsed = new Set(), unfolded = new Set(), parentsOf = ownersOf, more = [] } = {}) {
  const children = childrenOf(nodes, parentsOf);
  const entries = [];
  const links = [];
  let nextRow = 0;
  const place = (node, depth, seen) => {
    const all = seen.has(node.id) ? [] : (children.get(node.id) ?? []);
    const shut = collapsed.has(node.id);
    const shown = shut || node.fold ? [] : folded(all, node.id, children, unfolded);
    const inside = new Set(seen).add(node.id);
    const rows = shown.map((child) => {
      links.push([node.id, child.id]);
      return place(child, depth + 1, inside);
    });
    const y = rows.length ? (rows[0] + rows[rows.length - 1]) / 2 : nextRow++ * (TREE.nodeHeight + TREE.rowGap);
    entries.push({ id: node.id, node, x: depth * (TREE.nodeWidth + TREE.columnGap), y, below: all.length, collapsed: shut });
    return y;
  };
  place({ ...application, id: ROOT, parentIds: [] }, 0, new Set());
  const at = new Map(entries.flatMap(({ id, node }) => [id, ...(node.members ?? [])].map((one) => [one, id])));
  const further = more.map(([from, to]) => [at.get(from), at.get(to)]).filter(([from, to]) => from && to && !links.some((link) => link[0] === from && link[1] === to));
  return { entries, links: [...links, ...further] };
}
