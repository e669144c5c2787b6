// Rollouts of all applications. Those that move have a stream each; the others are read again when their application changes.
import { useEffect, useMemo, useRef, useState } from "react";
import { FacetMenu } from "./filterbar.jsx";
import { AppLink, Bone, Empty, Icon, Notice } from "./kit.jsx";
import { ask, useStream } from "./live.js";
import { placeOf } from "./place.js";
import { inZone, isMoving, isUpdating, newOf, percent, stableOf, stepState, stepWords } from "./rollout.js";
import { Phase } from "./status.jsx";
import { refOf } from "./steering.jsx";
import { showQuery, useQuery, withChanges } from "./url.jsx";

const PAGE = 100;
const MOST_STREAMS = 20;
const GATHER_MS = 400;
const FIRST = { Degraded: 0, Paused: 1, Progressing: 2, Unknown: 3, Terminated: 4, Healthy: 5 };
const playerOf = ({ application, metadata }) => `${placeOf(application)}?tab=rollout&rollout=${encodeURIComponent(`${metadata.namespace}/${metadata.name}`)}`;

function useRollouts() {
  const [state, setState] = useState({ nodes: null, error: null, after: null, more: false });
  const read = (after, signal) =>
    ask("rollouts", { pagination: { first: PAGE, after } }, signal).then(
      ({ rollouts }) => setState((before) => ({ nodes: after ? [...before.nodes, ...rollouts.nodes] : rollouts.nodes, error: null, after: rollouts.pageInfo.endCursor, more: rollouts.pageInfo.hasNextPage })),
      (error) => error.name === "AbortError" || setState((before) => ({ ...before, error })),
    );
  useEffect(() => {
    const controller = new AbortController();
    read(null, controller.signal);
    return () => controller.abort();
  }, []);
  const replace = (next) => setState((before) => ({ ...before, nodes: before.nodes.map((one) => (one.id === next.id ? next : one)) }));
  return { ...state, again: () => read(null), next: () => read(state.after), replace };
}

export function Rollouts() {
  const { nodes, error, more, again, next, replace } = useRollouts();
  const search = useQuery();
  const wanted = { phase: search.getAll("phase"), runtime: search.getAll("runtime") };
  const text = (search.get("q") ?? "").toLowerCase();
  const change = (changes) => showQuery(withChanges(new URLSearchParams(location.search), changes), { replace: true });
  useFollowed(nodes, again);
  const shown = useMemo(() => {
    const passes = ({ metadata, application, phase }) => (!wanted.phase.length || wanted.phase.includes(phase)) && (!wanted.runtime.length || wanted.runtime.includes(metadata.runtime)) && `${metadata.name} ${application.name} ${metadata.namespace}`.toLowerCase().includes(text);
    return (nodes ?? []).filter(passes).sort((a, b) => FIRST[a.phase] - FIRST[b.phase] || a.metadata.name.localeCompare(b.metadata.name) || a.id.localeCompare(b.id));
  }, [nodes, search]);
  const filtered = text || wanted.phase.length || wanted.runtime.length;
  return (
    <>
      <div className="page-head">
        <h1>Rollouts</h1>
        {nodes && <span className="muted">{filtered ? `${shown.length} of ${nodes.length}` : nodes.length}</span>}
      </div>
      {error && <Notice title="The Rollouts could not be read" detail={error.message} next="Applications still work." id={error.id} onRetry={again} />}
      {!nodes && !error && <Bones />}
      {nodes?.length === 0 && <Empty title="No Rollouts yet" next="Commit a Rollout of argoproj.io/v1alpha1 to a repository that an application syncs; its updates are shown and steered here." />}
      {nodes?.length > 0 && (
        <>
          <div className="filters" role="search" aria-label="Rollouts">
            <Search value={search.get("q") ?? ""} onChange={(q) => change({ q })} />
            <FacetMenu facet={{ key: "phase", label: "Phase" }} choices={counted(nodes, ({ phase }) => phase)} selected={wanted.phase} onChange={change} />
            <FacetMenu facet={{ key: "runtime", label: "Runtime" }} choices={counted(nodes, ({ metadata }) => metadata.runtime)} selected={wanted.runtime} onChange={change} />
            {filtered ? (
              <button type="button" className="button quiet" onClick={() => change({ q: null, phase: null, runtime: null })}>
                Clear
              </button>
            ) : null}
          </div>
          {shown.length ? <Table rollouts={shown} onNews={replace} /> : <Empty title="No Rollout fits" next="Clear the filters." />}
          {more && (
            <div className="pager">
              <button type="button" className="button" onClick={next}>
                Show more
              </button>
            </div>
          )}
        </>
      )}
    </>
  );
}

// News of the applications that have Rollouts; a burst of them is one question.
function useFollowed(nodes, again) {
  const names = useMemo(() => [...new Set((nodes ?? []).map(({ application }) => application.name))].sort(), [nodes]);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  useStream("application_changes", { filters: { applications: names } }, {
    enabled: names.length > 0,
    cursorOf: (data) => data.applications.cursor,
    onEvent: ({ applications: event }) => {
      if (event.type === "SNAPSHOT") return;
      clearTimeout(timer.current);
      timer.current = setTimeout(again, GATHER_MS);
    },
  });
}

const counted = (nodes, of) => {
  const counts = new Map();
  for (const node of nodes) counts.set(of(node), (counts.get(of(node)) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => a.value.localeCompare(b.value));
};

function Search({ value, onChange }) {
  const [text, setText] = useState(value);
  const timer = useRef(0);
  useEffect(() => setText(value), [value]);
  return (
    <div className="field">
      <Icon name="search" />
      <input
        type="search"
        data-key="/"
        aria-label="Search Rollouts"
        placeholder="Search name, application"
        value={text}
        onChange={(event) => {
          const typed = event.target.value;
          setText(typed);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => onChange(typed), 150);
        }}
      />
    </div>
  );
}

function Table({ rollouts, onNews }) {
  const streamed = new Set(rollouts.filter(isMoving).slice(0, MOST_STREAMS).map(({ id }) => id));
  return (
    <table className="rows stacks rollouts">
      <caption className="unseen">Rollouts, those that need somebody first</caption>
      <thead>
        <tr>
          <th scope="col">Rollout</th>
          <th scope="col">Phase</th>
          <th scope="col">Steps</th>
          <th scope="col">Weight of new</th>
          <th scope="col">Images</th>
          <th scope="col" className="mid-only">
            Pods
          </th>
          <th scope="col" className="mid-only">
            Where
          </th>
        </tr>
      </thead>
      {rollouts.map((rollout) => (
        <Row key={rollout.id} rollout={rollout} live={streamed.has(rollout.id)} onNews={onNews} />
      ))}
    </table>
  );
}

function Row({ rollout, live, onNews }) {
  const { metadata, application } = rollout;
  useStream("rollout_row_live", { application, rollout: refOf(rollout) }, { enabled: live, onEvent: ({ rollout: next }) => onNews(next) });
  const [stable, fresh] = [stableOf(rollout), newOf(rollout)];
  const updating = isUpdating(rollout);
  return (
    <tbody>
      <tr>
        <th scope="row">
          <AppLink to={playerOf(rollout)} className="row-link">
            {metadata.name}
          </AppLink>
        </th>
        <td>
          <Phase phase={rollout.phase} />
        </td>
        <td>
          <span className="step-marks" aria-hidden="true">
            {rollout.steps.map((step) => (
              <i key={step.index} className={`mark-${stepState(step)}`} title={`${step.index + 1}: ${step.title}`} />
            ))}
          </span>
          <span className="muted">{stepWords(rollout) || (rollout.strategy === "blueGreen" ? "blue-green" : "no steps")}</span>
        </td>
        <td>
          <span className="weight" aria-hidden="true">
            <i style={{ width: `${rollout.weightOfNew}%` }} />
          </span>
          <span className="number">{percent(rollout.weightOfNew)}</span> <span className="muted">{rollout.trafficRouted ? "traffic" : "pods"}</span>
        </td>
        <td title={rollout.revisions[0]?.images.join("\n")}>
          <code>{updating ? `${short(stable)} → ${short(fresh)}` : short(stable)}</code>
        </td>
        <td className="number mid-only">
          {rollout.readyReplicas}/{rollout.desiredReplicas}
        </td>
        <td className="mid-only">{[metadata.cluster, metadata.namespace].filter(Boolean).join(" / ")}</td>
      </tr>
      {rollout.explanation && (
        <tr className="why">
          <td colSpan={7}>{inZone(rollout.explanation)}</td>
        </tr>
      )}
    </tbody>
  );
}

// The part of an image that differs between versions.
const short = (revision) => (revision ? revision.images.map((image) => image.split("/").at(-1)).join(", ") : "none");

const Bones = () => (
  <div aria-busy="true">
    {[0, 1, 2].map((index) => (
      <p key={index} className="pad">
        <Bone wide /> <Bone /> <Bone wide />
      </p>
    ))}
    <span className="unseen">Reading the Rollouts</span>
  </div>
);
