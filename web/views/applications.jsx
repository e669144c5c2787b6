// The list of applications: one page from a question, kept current by a stream. Rows change where they are; the order and the
// set of rows change only when something came or went.
import { memo, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { ask, useConnection, useStream } from "./live.js";
import { announce, AppLink, Bone, CommitLink, Empty, Icon, Moment, Notice, Stale } from "./kit.jsx";
import { Health, Sync } from "./status.jsx";
import { HEALTH, SYNC } from "./tokens.js";
import { FilterBar, Strip } from "./filterbar.jsx";
import { placeOf } from "./place.js";
import { fromStart, isFiltered, isStandardSort, nextSort, onlyChoices, readFilters, readSort, SORTS, sortText, toArguments, toPagination } from "./filters.js";
import { showQuery, useQuery, withChanges } from "./url.jsx";

const COLUMNS = [
  { key: "name", label: "Application" },
  { key: "health", label: "Health" },
  { key: "sync", label: "Sync" },
  { label: "Revision", className: "wide-only" },
  { key: "runtime", label: "Runtime", className: "wide-only" },
  { key: "cluster", label: "Destination", className: "wide-only" },
  { key: "deployed", label: "Last deployed", className: "mid-only" },
];
const cursorOf = (data) => data.applications.cursor;
const fine = (row) => row.healthStatus === "HEALTHY" && row.syncStatus === "SYNCED";

export function Applications() {
  const search = useQuery();
  const filters = useMemo(() => readFilters(search), [search]);
  const sort = readSort(search);
  const page = usePage(filters, sort, search);
  const change = useCallback((changes) => showQuery(withChanges(new URLSearchParams(location.search), fromStart(changes)), { replace: "q" in changes }), []);
  useRowKeys();
  return (
    <>
      <div className="strip-line">
        <Strip facets={page.data?.strip} total={page.data?.strip.total} selected={filters.health} onChange={change} />
        <AppLink to="/applications/new" className="button primary">
          <Icon name="plus" />
          Application
        </AppLink>
      </div>
      <FilterBar filters={filters} choices={page.data?.choices} onChange={change} />
      {page.stale && <Stale since={page.stale.since} reason={page.stale.reason} />}
      {silent(page.data).map((runtime) => (
        <Stale key={runtime.id} since={runtime.lastUpdated} reason={`runtime ${runtime.metadata.name} is not reachable`} />
      ))}
      {page.error && !page.data && (
        <Notice
          title="The applications could not be read"
          detail={page.error.message}
          next="Clusters go on as they are: nothing is changed by this."
          id={page.error.id}
          onRetry={page.again}
        />
      )}
      {!(page.error && !page.data) && <Table page={page} sort={sort} filtered={isFiltered(filters)} onChange={change} />}
      <Pager info={page.data?.applications.pageInfo} total={page.data?.applications.totalCount} onChange={change} />
    </>
  );
}

function usePage(filters, sort, search) {
  const variables = {
    filters: toArguments(filters),
    strip: toArguments(filters, ["health"]),
    choices: onlyChoices(filters),
    sort: { field: SORTS[sort.key], order: sort.order },
    pagination: toPagination(search),
  };
  const key = JSON.stringify(variables);
  const [state, setState] = useState({ data: null, error: null });
  const [touched, setTouched] = useState({});
  const [turn, setTurn] = useState(0);
  const readAt = useRef(null);
  useEffect(() => {
    const controller = new AbortController();
    ask("applications", variables, controller.signal).then(
      (data) => {
        readAt.current = new Date().toISOString();
        setState({ data, error: null });
      },
      (error) => error.name === "AbortError" || setState((before) => ({ ...before, error })),
    );
    return () => controller.abort();
  }, [key, turn]);

  const again = useCallback(() => setTurn((count) => count + 1), []);
  const soon = useDelayed(again, 400);
  useStream("application_changes", { filters: variables.filters }, {
    cursorOf,
    onEvent: ({ applications: event }) => {
      const byId = new Map(event.applications.map((row) => [row.id, row]));
      setState((before) => (before.data ? { ...before, data: merged(before.data, byId, new Set(event.removed)) } : before));
      if (event.type === "SNAPSHOT") return;
      setTouched((before) => ({ ...before, ...Object.fromEntries([...byId.keys()].map((id) => [id, (before[id] ?? 0) + 1])) }));
      tell(event.applications);
      soon();
    },
  });
  const connection = useConnection();
  const reason = connection.up === false ? "the control plane does not answer" : state.error?.message;
  const stale = state.data && reason ? { since: connection.up === false ? connection.since : readAt.current, reason } : null;
  return { ...state, touched, again, stale };
}

// Rows in place; counts and the set of rows follow with the next answer.
function merged(data, byId, removed) {
  const nodes = data.applications.nodes.filter((row) => !removed.has(row.id)).map((row) => keep(row, byId.get(row.id)));
  return { ...data, applications: { ...data.applications, nodes } };
}

const keep = (before, after) => (after ? { ...after, metadata: { ...after.metadata, favorite: before.metadata.favorite } } : before);

function tell(rows) {
  if (rows.length > 3) return announce(`${rows.length} applications changed`);
  return announce(rows.map((row) => `${row.metadata.name}: ${HEALTH[row.healthStatus].word}, ${SYNC[row.syncStatus].word}`).join(". "));
}

function useDelayed(action, milliseconds) {
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(action, milliseconds);
  };
}

function Table({ page, sort, filtered, onChange }) {
  const rows = page.data?.applications.nodes;
  const unreachable = new Set(silent(page.data).map((runtime) => runtime.metadata.name));
  if (rows?.length === 0) return filtered ? <NothingFound onChange={onChange} /> : <NoApplications />;
  return (
    <table className="rows applications" aria-busy={!rows}>
      <caption className="unseen">Applications</caption>
      <thead>
        <tr>
          <th scope="col" className="star-cell">
            <span className="unseen">Favourite</span>
          </th>
          {COLUMNS.map((column) => (
            <Head key={column.label} column={column} sort={sort} onChange={onChange} />
          ))}
        </tr>
      </thead>
      {rows ? rows.map((row) => <Row key={row.id} row={row} touched={page.touched[row.id] ?? 0} faded={unreachable.has(row.metadata.runtime)} />) : <Bones />}
    </table>
  );
}

function Head({ column, sort, onChange }) {
  if (!column.key) {
    return (
      <th scope="col" className={column.className}>
        {column.label}
      </th>
    );
  }
  const active = sort.key === column.key;
  const text = sortText(nextSort(sort, column.key));
  return (
    <th scope="col" className={column.className} aria-sort={active ? `${sort.order}ending` : undefined}>
      <button type="button" className="sort" onClick={() => onChange({ sort: isStandardSort(text) ? null : text })}>
        {column.label}
        {active && <span aria-hidden="true">{sort.order === "asc" ? "↑" : "↓"}</span>}
      </button>
    </th>
  );
}

const silent = (data) => data?.runtimes.nodes.filter((runtime) => !runtime.available) ?? [];

const Row = memo(function Row({ row, touched, faded }) {
  const place = placeOf(row.metadata);
  return (
    <tbody className={`app${touched ? ` tint-${touched % 2}` : ""}${faded ? " faded" : ""}`} data-application={row.metadata.name}>
      <tr>
        <td className="star-cell">
          <Star row={row} />
        </td>
        <th scope="row">
          <AppLink to={place} className="row-link">
            {row.metadata.name}
          </AppLink>
          <span className="muted aside">{row.kind === "GIT_SOURCE" ? "Git Source" : row.kind === "APPLICATION_SET" ? "ApplicationSet" : row.project}</span>
        </th>
        <td>
          <Health status={row.healthStatus} message={row.healthMessage} />
        </td>
        <td>
          <Sync status={row.syncStatus} />
        </td>
        <td className="wide-only">
          <CommitLink commit={row.commit} revision={row.revision} age />
        </td>
        <td className="wide-only">{row.metadata.runtime}</td>
        <td className="wide-only clip">{destinationOf(row)}</td>
        <td className="mid-only">
          <Moment at={row.lastSync?.finishedAt} />
        </td>
      </tr>
      {!fine(row) && row.explanation && (
        <tr className="why">
          <td />
          <td colSpan="7">{row.explanation}</td>
        </tr>
      )}
    </tbody>
  );
});

const destinationOf = (row) => [row.metadata.cluster ?? row.destination.name ?? row.destination.server, row.destination.namespace].filter(Boolean).join(" / ");

function Star({ row }) {
  const [on, setOn] = useState(Boolean(row.metadata.favorite));
  useEffect(() => setOn(Boolean(row.metadata.favorite)), [row.metadata.favorite]);
  const toggle = async () => {
    setOn(!on);
    try {
      await ask("set_favorite", { id: row.id, favorite: !on });
    } catch {
      setOn(on);
      announce("The favourite could not be kept");
    }
  };
  return (
    <button type="button" className="star above" aria-pressed={on} aria-label={`Favourite ${row.metadata.name}`} onClick={toggle}>
      <Icon name="star" filled={on} />
    </button>
  );
}

function Bones() {
  return Array.from({ length: 8 }, (_, index) => (
    <tbody key={index}>
      <tr>
        <td />
        <th scope="row">
          <Bone wide />
        </th>
        {COLUMNS.slice(1).map((column) => (
          <td key={column.label} className={column.className}>
            <Bone />
          </td>
        ))}
      </tr>
    </tbody>
  ));
}

const NothingFound = ({ onChange }) => (
  <Empty title="No application matches" next="Take a filter away, or clear them all.">
    <button type="button" className="button" onClick={() => onChange(Object.fromEntries(["q", "health", "runtime", "cluster", "sync", "project", "label", "star"].map((key) => [key, null])))}>
      Clear all filters
    </button>
  </Empty>
);

const NoApplications = () => (
  <Empty
    title="No applications yet"
    next="Applications appear by themselves once a Git Source holds their manifests. Commit one and push it:"
    command={"git add my-application.yaml\ngit commit -m 'Add my application'\ngit push"}
  />
);

function Pager({ info, total, onChange }) {
  if (!info || (!info.hasNextPage && !info.hasPrevPage)) return null;
  return (
    <nav className="pager" aria-label="Pages">
      <span className="muted">{total} in this selection</span>
      <button type="button" className="button" disabled={!info.hasPrevPage} onClick={() => onChange({ before: info.startCursor, after: null })}>
        Previous
      </button>
      <button type="button" className="button" disabled={!info.hasNextPage} onClick={() => onChange({ after: info.endCursor, before: null })}>
        Next
      </button>
    </nav>
  );
}

const focusedRow = (links) => links.findIndex((link) => link === document.activeElement);

// j, k and arrows walk the rows; s, r and d act on the one in focus.
function useRowKeys() {
  const navigate = useNavigate();
  useEffect(() => {
    const onKey = (event) => {
      if (event.metaKey || event.ctrlKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
      if (document.querySelector("dialog[open], details[open]")) return;
      const links = [...document.querySelectorAll("a.row-link")];
      const at = focusedRow(links);
      const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
      if (step && links.length) links[Math.max(0, Math.min(links.length - 1, at + step))].focus();
      else if (at >= 0 && event.key === "s") navigate(`${links[at].getAttribute("href")}?do=sync`);
      else if (at >= 0 && event.key === "d") navigate(`${links[at].getAttribute("href")}?tab=diff`);
      else if (at >= 0 && event.key === "r") refresh(links[at].getAttribute("href"));
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [navigate]);
}

async function refresh(place) {
  const [, , runtime, namespace, name] = place.split("/").map(decodeURIComponent);
  try {
    const { refreshApplication } = await ask("refresh", { runtime, namespace, name, hard: false });
    announce(refreshApplication.errors[0]?.message ?? `Refreshing ${name}`);
  } catch (failure) {
    announce(failure.message);
  }
}
