// The live resource tree. Positions come from layout.js; a node is drawn again only when it itself changed.
import "@xyflow/react/dist/base.css";
import { Handle, Position, ReactFlow, ReactFlowProvider, useReactFlow } from "@xyflow/react";
import { createContext, memo, useContext, useEffect, useMemo, useRef, useState } from "react";
import { Icon } from "./kit.jsx";
import { Health, Sync } from "./status.jsx";
import { TREE } from "./tokens.js";
import { arrange, familyOf, ROOT } from "./layout.js";

const Deeds = createContext({});
const EASE = { duration: 120 };
const READABLE_ZOOM = 0.65;

const badges = (node) => node.info?.map(({ key, value }) => (key === "Rev" ? `Rev ${value}` : value)) ?? [];

// The end of a long name tells siblings apart, so the middle gives way.
const TAIL = 6;
const Name = ({ text }) => (
  <span className="node-name">
    <span>{text.slice(0, -TAIL)}</span>
    <span>{text.slice(-TAIL)}</span>
  </span>
);

const Node = memo(function Node({ data }) {
  const { node, below, collapsed, marked, dimmed, selected } = data;
  const { open, toggle, unfold } = useContext(Deeds);
  const words = [node.kind, ...badges(node)].join(" · ");
  const act = () => (node.fold ? unfold(node.id) : open(node));
  return (
    <div className={`node${marked ? " marked" : ""}${dimmed ? " dimmed" : ""}${selected ? " selected" : ""}${node.fold ? " fold" : ""}`}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <button type="button" className="node-body nodrag" onClick={act} title={node.healthMessage || `${node.kind} ${node.name}`} data-node={`${node.kind}/${node.name}`}>
        <span className="node-lead">
          {node.syncStatus && <Sync bare status={node.syncStatus} />}
          <Icon name={familyOf(node.kind)} />
        </span>
        <span className="node-text">
          <Name text={node.name} />
          <span className="node-badges">{node.fold ? "all fine · open" : words}</span>
        </span>
        <span className="node-status">
          {node.healthStatus && <Health bare status={node.healthStatus} message={node.healthMessage} />}
        </span>
      </button>
      {below > 0 && (
        <button
          type="button"
          className="node-toggle nodrag"
          aria-expanded={!collapsed}
          aria-label={collapsed ? `Open ${below} below ${node.name}` : `Close what is below ${node.name}`}
          onClick={() => toggle(node.id)}
        >
          {collapsed ? below : "−"}
        </button>
      )}
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
});
const NODE_TYPES = { resource: Node };

// Entries as React Flow wants them, the same objects as before wherever nothing changed.
function useNodes(entries, { marked, hits, selected }) {
  const cache = useRef(new Map());
  return useMemo(() => {
    const next = new Map();
    for (const { id, node, x, y, below, collapsed } of entries) {
      const data = { node, below, collapsed, marked: id === marked, dimmed: hits ? !hits.has(id) && !node.fold && id !== ROOT : false, selected: id === selected };
      const old = cache.current.get(id);
      const same = old && old.position.x === x && old.position.y === y && Object.keys(data).every((key) => old.data[key] === data[key]);
      next.set(id, same ? old : { id, type: "resource", position: { x, y }, data, width: TREE.nodeWidth, height: TREE.nodeHeight });
    }
    cache.current = next;
    return [...next.values()];
  }, [entries, marked, hits, selected]);
}

function Canvas({ nodes, application, hits, selected, onOpen, parentsOf, more, label = "Resource tree" }) {
  const [collapsed, setCollapsed] = useState(new Set());
  const [unfolded, setUnfolded] = useState(new Set());
  const root = useRef(null);
  if (!sameRoot(root.current, application)) root.current = application;
  const { entries, links } = useMemo(() => arrange(nodes, root.current, { collapsed, unfolded, parentsOf, more }), [nodes, root.current, collapsed, unfolded, parentsOf, more]);
  const find = useFind(entries);
  const drawn = useNodes(entries, { marked: find.marked, hits, selected });
  const edges = useMemo(() => [...new Map(links.map((link) => [link.join(">"), link])).values()].map(([source, target]) => ({ id: `${source}>${target}`, source, target, type: "smoothstep", focusable: false })), [links]);
  const flow = useReactFlow();
  const box = useRef(null);
  const moved = useRef(false);
  const extent = `${Math.max(...entries.map(({ x }) => x))}/${Math.max(...entries.map(({ y }) => y))}`;
  useEffect(() => {
    // What grows out of sight is brought back, unless the person has chosen what to look at.
    if (!moved.current && box.current && flow.viewportInitialized) start(flow, entries, box.current, EASE);
  }, [extent]);
  const deeds = useMemo(
    () => ({
      open: onOpen,
      toggle: (id) => setCollapsed((before) => flipped(before, id)),
      unfold: (id) => setUnfolded((before) => flipped(before, id)),
    }),
    [onOpen],
  );
  useEffect(() => {
    const entry = entries.find(({ id }) => id === find.marked);
    if (entry) flow.setCenter(entry.x + TREE.nodeWidth / 2, entry.y + TREE.nodeHeight / 2, { zoom: Math.max(flow.getZoom(), 0.8), ...EASE });
  }, [find.marked]);
  return (
    <Deeds.Provider value={deeds}>
      <div className="tree" ref={box} role="group" aria-label={`${label}; the list view says the same as text`}>
        <div className="tree-find">
          <FindField find={find} />
        </div>
        <div className="segments tree-zoom">
          <button type="button" className="button icon-only" aria-label="Zoom out" onClick={() => flow.zoomOut(EASE)}>
            <Icon name="minus" />
          </button>
          <button type="button" className="button icon-only" aria-label="Zoom in" onClick={() => flow.zoomIn(EASE)}>
            <Icon name="plus" />
          </button>
          <button type="button" className="button icon-only" aria-label="Full screen" onClick={() => (document.fullscreenElement ? document.exitFullscreen() : box.current.requestFullscreen())}>
            <Icon name="full" />
          </button>
          <button type="button" className="button icon-only" aria-label="Fit the tree" onClick={() => flow.fitView({ maxZoom: 1, padding: 0.05, ...EASE })}>
            <Icon name="fit" />
          </button>
        </div>
        <div className="tree-canvas">
        <ReactFlow
          nodes={drawn}
          edges={edges}
          nodeTypes={NODE_TYPES}
          onMoveStart={(event) => {
            if (event) moved.current = true;
          }}
          onInit={(instance) => box.current && start(instance, entries, box.current)}
          minZoom={0.1}
          maxZoom={1.5}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          disableKeyboardA11y
          zoomOnDoubleClick={false}
          preventScrolling
          onlyRenderVisibleElements={drawn.length > 150}
          proOptions={{ hideAttribution: true }}
        />
        </div>
      </div>
    </Deeds.Provider>
  );
}

const sameRoot = (before, after) => before && Object.keys(after).every((key) => before[key] === after[key]);

function flipped(set, id) {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}

// Everything if it stays readable, else the application and what is next to it.
function start(flow, entries, box, ease = undefined) {
  const height = Math.max(...entries.map(({ y }) => y)) + TREE.nodeHeight;
  const width = Math.max(...entries.map(({ x }) => x)) + TREE.nodeWidth;
  const margin = 2 * TREE.rowGap;
  const top = box.querySelector(".tree-find").offsetHeight + margin; // nothing starts under the field to find in
  const zoom = Math.min(1, (box.clientWidth - 2 * margin) / width, (box.clientHeight - top - margin) / height);
  const readable = Math.max(zoom, READABLE_ZOOM);
  const home = entries.find(({ id }) => id === ROOT);
  const y = readable === zoom ? (box.clientHeight - height * zoom) / 2 : box.clientHeight / 2 - home.y * readable;
  flow.setViewport({ x: margin, y: readable === zoom ? Math.max(top, Math.min(y, box.clientHeight / 4)) : y, zoom: readable }, ease);
}

// Find by name or kind; Enter steps through what is found, Shift-Enter back.
function useFind(entries) {
  const [text, setText] = useState("");
  const [step, setStep] = useState(0);
  const found = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return [];
    return entries.filter(({ node }) => `${node.kind} ${node.name}`.toLowerCase().includes(wanted)).sort((a, b) => a.y - b.y || a.x - b.x);
  }, [entries, text]);
  const at = found.length ? ((step % found.length) + found.length) % found.length : -1;
  const write = (next) => {
    setText(next);
    setStep(0);
  };
  return { text, write, go: (by) => setStep((before) => before + by), count: found.length, at, marked: found[at]?.id ?? null };
}

function FindField({ find }) {
  const onKey = (event) => {
    if (event.key === "Enter") find.go(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") find.text ? find.write("") : event.target.blur();
    else return;
    event.preventDefault();
  };
  return (
    <span className="field find">
      <Icon name="search" />
      <input
        type="search"
        data-key="/"
        aria-label="Find in the tree"
        placeholder="Find in the tree"
        value={find.text}
        onChange={(event) => find.write(event.target.value)}
        onKeyDown={onKey}
      />
      <span className="muted number" role="status">
        {find.text ? `${find.at + 1} of ${find.count}` : ""}
      </span>
    </span>
  );
}

export default function Tree(props) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}
