// What an application consists of, live: tree or list, differences, events, logs, and the drawer. One stream feeds them all.
import { useCallback, useEffect, useMemo, useState } from "react";
import { useParams } from "react-router";
import { Changes } from "./changes.jsx";
import { Drawer } from "./drawer.jsx";
import { Events } from "./events.jsx";
import { FacetMenu } from "./filterbar.jsx";
import { Empty, Icon, Notice, Stale } from "./kit.jsx";
import { later } from "./later.jsx";
import { isFine, ROOT, visibleIds } from "./layout.js";
import { ResourceList } from "./list.jsx";
import { useConnection, useStream } from "./live.js";
import { networkOf } from "./network.js";
import { keyOf, versionOf } from "./place.js";
import { CLEARED, countedBy, findsSome, isLeft, labelsOf, passes, readResourceFilters } from "./resourcefilter.js";
import { Timeline } from "./timeline.jsx";
import { HEALTH, SYNC } from "./tokens.js";
import { QueryLink, showQuery, useQuery, withChanges } from "./url.jsx";

const Configuration = later(() => import("./configuration.jsx").then((module) => module.Configuration));
const RolloutTab = later(() => import("./player.jsx").then((module) => module.RolloutTab));
const QuickView = later(() => import("./quickview.jsx").then((module) => module.QuickView), null);
const Services = later(() => import("./services.jsx").then((module) => module.Services));
const Tree = later(() => import("./tree.jsx").then((module) => module.default));
export const fetchTree = Tree.fetched;
const Pods = later(() => import("./pods.jsx").then((module) => module.default));
const Logs = later(() => import("./logs.jsx").then((module) => module.Logs));

const TABS = [
  ["state", "State"],
  ["timeline", "Timeline"],
  ["diff", "Diff"],
  ["services", "Services"],
  ["rollout", "Rollout"],
  ["configuration", "Configuration"],
  ["events", "Events"],
  ["logs", "Logs"],
];
// Most applications have no Rollout, and what is not there needs no tab.
const tabsOf = (nodes, at) => TABS.filter(([key]) => key !== "rollout" || at === key || nodes?.some(({ group, kind }) => group === "argoproj.io" && kind === "Rollout"));
const cursorOf = (data) => data.resourceTree.cursor;

function useTree(application) {
  const [nodes, setNodes] = useState(null);
  const [readAt, setReadAt] = useState(null);
  const failure = useStream("resource_tree", { application }, {
    cursorOf,
    onEvent: ({ resourceTree: event }) => {
      setReadAt(new Date().toISOString());
      if (event.type === "RESYNC") return;
      setNodes((before) => {
        const next = new Map(event.type === "SNAPSHOT" ? [] : before);
        event.removed.forEach((id) => next.delete(id));
        event.upserted.forEach((node) => next.set(node.id, same(before?.get(node.id), node)));
        return next;
      });
    },
  });
  return { nodes: useMemo(() => (nodes ? [...nodes.values()] : null), [nodes]), failure, readAt };
}

// Keeps the object where nothing changed, so that nothing is drawn again after a new snapshot.
const same = (before, after) => (before && JSON.stringify(before) === JSON.stringify(after) ? before : after);

// `revision`: the commit that the application was compared with last.
export function ApplicationPane({ healthStatus, syncStatus, revision, mayOperate, reason, reachable, lastReport }) {
  const { runtime, namespace, name } = useParams();
  const application = useMemo(() => ({ runtime, namespace, name }), [runtime, namespace, name]);
  const search = useQuery();
  const { nodes, failure, readAt } = useTree(application);
  const connection = useConnection();
  const tab = TABS.some(([key]) => key === search.get("tab")) ? search.get("tab") : "state";
  const open = useCallback((node) => showQuery(withChanges(new URLSearchParams(location.search), node.id === ROOT ? { quick: "summary", res: null } : { res: keyOf(node), section: null, quick: null })), []);
  const close = useCallback(() => showQuery(withChanges(new URLSearchParams(location.search), { res: null, section: null, quick: null })), []);
  const changedCount = nodes?.filter((node) => node.syncStatus === "OUT_OF_SYNC").length;
  const selected = nodes?.find((node) => keyOf(node) === search.get("res"));
  const stale = connection.up === false ? { since: connection.since, reason: "the control plane does not answer" } : !reachable ? { since: lastReport, reason: `runtime ${runtime} is not reachable` } : null;
  return (
    <section className={`pane${stale ? " faded" : ""}`} aria-label="Resources">
      <nav className="tabs" aria-label="Sections of the application">
        {tabsOf(nodes, tab).map(([key, label]) => (
          <QueryLink key={key} changes={{ tab: key === "state" ? null : key }} className="tab" current={key === tab} data-key={key === "diff" ? "d" : undefined}>
            {label}
            {key === "diff" && changedCount > 0 && <span className="count">{changedCount}</span>}
          </QueryLink>
        ))}
      </nav>
      {stale && <Stale {...stale} />}
      {failure && !nodes && <Notice title="The resources could not be read" detail={failure.message} next="It goes on by itself once the runtime answers; the list of applications still works." id={failure.id} />}
      {failure && nodes && <Stale since={readAt} reason={failure.message} />}
      {tab === "state" && <State nodes={nodes} failed={Boolean(failure)} application={{ id: ROOT, kind: "Application", name, healthStatus, syncStatus, info: [] }} search={search} onOpen={open} selected={selected} />}
      {tab === "timeline" && <Timeline application={application} steering={{ allowed: mayOperate, reason }} />}
      {tab === "services" && <Services nodes={nodes} podsOf={(node) => podsBelow(nodes, node)} />}
      {tab === "diff" && <Changes application={application} stamp={`${revision} ${changeStamp(nodes)}`} onOpen={open} />}
      {tab === "rollout" && <RolloutTab application={application} nodes={nodes} mayOperate={mayOperate} reason={reason} />}
      {tab === "configuration" && <Configuration application={application} />}
      {tab === "events" && <Events application={application} />}
      {tab === "logs" && <Logs application={application} pods={podsBelow(nodes ?? [], null)} />}
      {search.get("quick") && !search.get("res") && (
        <QuickView application={application} at={search.get("quick")} stamp={[healthStatus, syncStatus, revision].join("/")} onClose={close} />
      )}
      {search.get("res") && nodes && selected && (
        <Drawer
          application={application}
          node={selected}
          stamp={revision}
          pods={podsBelow(nodes, selected)}
          section={search.get("section")}
          onClose={close}
          mayOperate={mayOperate}
          reason={reason}
        />
      )}
      {search.get("res") && nodes && !selected && <Gone onClose={close} name={search.get("res").split("/").at(-1)} />}
    </section>
  );
}

function Gone({ name, onClose }) {
  return (
    <div className="drawer" role="dialog" aria-label={name}>
      <Empty title={`${name} is gone`} next="The object does not exist any more.">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </Empty>
    </div>
  );
}

const changeStamp = (nodes) => (nodes ?? []).filter((node) => node.syncStatus === "OUT_OF_SYNC").map((node) => `${node.id}@${versionOf(node)}`).join(" ");

// Pods of the application, or those below one node.
export function podsBelow(nodes, top) {
  if (!top) return nodes.filter((node) => node.kind === "Pod");
  const inside = new Set([top.id]);
  for (let before = 0; before !== inside.size; ) {
    before = inside.size;
    for (const node of nodes) if (node.parentIds.some((id) => inside.has(id))) inside.add(node.id);
  }
  return nodes.filter((node) => node.kind === "Pod" && inside.has(node.id));
}

// Ways to look at the same resources. The first is what an address without a word means.
const VIEWS = [
  ["tree", "Tree"],
  ["list", "List"],
  ["network", "Network"],
  ["pods", "Pods"],
];
const PODS_BY = [
  ["node", "by node"],
  ["owner", "by owner"],
  ["top", "by workload"],
];

function Look({ kind, view, by, application, selected, onOpen }) {
  const network = useMemo(() => (kind === "network" ? networkOf(view.nodes) : null), [kind, view.nodes]);
  const given = { hits: view.hits, application, selected, onOpen };
  if (kind === "list") return <ResourceList nodes={view.hits ? view.nodes.filter((node) => view.hits.has(node.id)) : view.nodes} onOpen={onOpen} />;
  if (kind === "pods") return <Pods nodes={view.nodes} by={by} {...given} />;
  if (kind === "tree") return <Tree key="tree" nodes={view.nodes} {...given} />;
  if (!network.nodes.length) return <Empty title="Nothing leads traffic here" next="Services, Ingresses and routes of the application are shown here, with the pods that they lead to." />;
  return <Tree key="network" label="Network" {...network} {...given} />;
}

function State({ nodes, failed, application, search, onOpen, selected }) {
  const [kind] = VIEWS.find(([key]) => key === search.get("view")) ?? VIEWS[0];
  const by = PODS_BY.some(([key]) => key === search.get("by")) ? search.get("by") : "node";
  const wanted = readResourceFilters(search);
  const change = (changes) => showQuery(withChanges(new URLSearchParams(location.search), changes), { replace: true });
  const filtered = findsSome(wanted);
  const filterKey = JSON.stringify(wanted);
  const view = useMemo(() => {
    if (!nodes) return null;
    const left = wanted.hide.length ? nodes.filter((node) => isLeft(node, wanted)) : nodes;
    if (!filtered) return { nodes: left, hits: null };
    const { hits, shown } = visibleIds(left, (node) => passes(node, wanted));
    return { nodes: left.filter((node) => shown.has(node.id)), hits };
  }, [nodes, filterKey]);
  if (!nodes) return failed ? null : <Skeleton />;
  if (!nodes.length) return <Empty title="Nothing deployed yet" next="Sync the application to create what Git says." />;
  const outOfSync = nodes.filter((node) => node.syncStatus === "OUT_OF_SYNC").length;
  const wrong = nodes.filter((node) => !isFine(node)).length;
  return (
    <>
      <div className="filters">
        <div className="segments" role="group" aria-label="Arrangement">
          {VIEWS.map(([key, word]) => (
            <button key={key} type="button" className="button" aria-pressed={key === kind} onClick={() => change({ view: key === "tree" ? null : key })}>
              {word}
            </button>
          ))}
        </div>
        {kind === "pods" && (
          <label>
            <span className="unseen">Pods are grouped</span>
            <select value={by} onChange={(event) => change({ by: event.target.value === "node" ? null : event.target.value })}>
              {PODS_BY.map(([key, word]) => (
                <option key={key} value={key}>
                  {word}
                </option>
              ))}
            </select>
          </label>
        )}
        {kind === "list" && (
          <div className="field">
            <Icon name="search" />
            <input type="search" data-key="/" aria-label="Find a resource" placeholder="Find" value={wanted.name} onChange={(event) => change({ name: event.target.value })} />
          </div>
        )}
        <FacetMenu facet={{ key: "kind", label: "Kind" }} choices={countedBy(nodes, (node) => node.kind)} selected={wanted.kind} onChange={change} />
        <FacetMenu facet={{ key: "health", label: "Health" }} choices={countedBy(nodes, (node) => HEALTH[node.healthStatus] && node.healthStatus)} selected={wanted.health} onChange={change} />
        <FacetMenu facet={{ key: "sync", label: "Sync" }} choices={countedBy(nodes, (node) => SYNC[node.syncStatus] && node.syncStatus)} selected={wanted.sync} onChange={change} />
        <LabelMenu nodes={nodes} selected={wanted.label} onChange={change} />
        {nodes.some(({ extraneous }) => extraneous) && <Hide name="extraneous" label="Ignore extraneous" hint="Hides what is marked IgnoreExtraneous: the sync state does not follow it" hidden={wanted.hide} onChange={change} />}
        {nodes.some(({ orphaned }) => orphaned) && <Hide name="orphans" label="Hide orphans" hint="Objects of the namespace that belong to no application" hidden={wanted.hide} onChange={change} />}
        {(filtered || wanted.hide.length > 0) && (
          <button type="button" className="button quiet" onClick={() => change(CLEARED)}>
            Clear
          </button>
        )}
        <Inventory nodes={nodes} wrong={wrong} outOfSync={outOfSync} wanted={wanted} onChange={change} />
      </div>
      <Look kind={kind} view={view} by={by} application={application} selected={selected?.id} onOpen={onOpen} />
    </>
  );
}

// Labels are many, and are counted while somebody looks at them only.
function LabelMenu({ nodes, selected, onChange }) {
  const [looked, setLooked] = useState(false);
  const choices = useMemo(() => (looked ? labelsOf(nodes) : undefined), [looked, nodes]);
  return <FacetMenu facet={{ key: "label", label: "Label" }} choices={choices} selected={selected} onChange={onChange} onWanted={setLooked} />;
}

const MOST_KINDS = 6;

// How many of what, each of it a filter; what is out of sync in its own colour.
function Inventory({ nodes, wrong, outOfSync, wanted, onChange }) {
  const kinds = countedBy(nodes, (node) => node.kind);
  return (
    <span className="inventory" role="group" aria-label="Inventory">
      <span className="muted">{nodes.length} resources</span>
      {kinds.slice(0, MOST_KINDS).map(({ value, count }) => (
        <button key={value} type="button" className="link" aria-pressed={wanted.kind.includes(value)} onClick={() => onChange({ kind: wanted.kind.includes(value) ? null : [value] })}>
          {value} {count}
        </button>
      ))}
      {kinds.length > MOST_KINDS && <span className="muted">{kinds.length - MOST_KINDS} more {kinds.length > MOST_KINDS + 1 ? "kinds" : "kind"}</span>}
      {outOfSync > 0 && (
        <button type="button" className="link status-amber" aria-pressed={wanted.sync.includes("OUT_OF_SYNC")} onClick={() => onChange({ sync: wanted.sync.includes("OUT_OF_SYNC") ? null : ["OUT_OF_SYNC"] })}>
          {outOfSync} out of sync
        </button>
      )}
      {wrong > outOfSync && <span className="muted">{wrong - outOfSync} not healthy</span>}
    </span>
  );
}

function Hide({ name, label, hint, hidden, onChange }) {
  const on = hidden.includes(name);
  return (
    <button type="button" className="button" aria-pressed={on} title={hint} onClick={() => onChange({ hide: on ? hidden.filter((one) => one !== name) : [...hidden, name] })}>
      {label}
    </button>
  );
}

const Skeleton = () => (
  <div className="tree-skeleton" aria-busy="true">
    {[0, 1, 2].map((column) => (
      <div key={column}>
        {Array.from({ length: column ? 3 : 1 }, (_, index) => (
          <span className="bone node-bone" key={index} aria-hidden="true" />
        ))}
      </div>
    ))}
    <span className="unseen">Reading the resources</span>
  </div>
);
