// The list of applications: one page from a question, kept current by a stream. Rows change where they are; the order and the
// set of rows change only when something came or went.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { PrefetchPageLinks, useNavigate } from "react-router";
import { Cards } from "./appcards.jsx";
import { ApplicationTabs } from "./applicationtabs.jsx";
import { Table } from "./approws.jsx";
import { BulkBar } from "./bulk.jsx";
import { FilterBar, Strip } from "./filterbar.jsx";
import { fromStart, isFiltered, narrowed, readFilters, readSort, readView, SINCE, SORTS, toArguments, toPagination } from "./filters.js";
import { announce, AppLink, Icon, Notice, Stale } from "./kit.jsx";
import { ask, useConnection, useStream } from "./live.js";
import { Pager } from "./pager.jsx";
import { placeOf } from "./place.js";
import { HEALTH, SYNC } from "./tokens.js";
import { showQuery, useQuery, withChanges } from "./url.jsx";
import { Warnings } from "./warnings.jsx";

const cursorOf = (data) => data.applications.cursor;

export function Applications() {
  const search = useQuery();
  const filters = useMemo(() => readFilters(search), [search]);
  const sort = readSort(search);
  const view = readView(search);
  const [typed, setTyped] = useState(filters.q);
  const page = useNarrowed(usePage(filters, sort, view, search), typed);
  const change = useCallback((changes) => showQuery(withChanges(new URLSearchParams(location.search), fromStart(changes)), { replace: "q" in changes }), []);
  const [chosen, setChosen] = useState(new Map());
  const choose = useCallback((rows, on) => {
    setChosen((before) => {
      const next = new Map(before);
      for (const row of rows) on ? next.set(row.id, row) : next.delete(row.id);
      return next;
    });
  }, []);
  useRowKeys();
  return (
    <>
      <ApplicationTabs current="/applications" />
      <Strip facets={page.data?.strip} selected={filters.health} onChange={change}>
        <Warnings found={page.data?.warnings} error={page.error} onRetry={page.again} />
        <AppLink to="/applications/new" className="button primary">
          <Icon name="plus" />
          Application
        </AppLink>
      </Strip>
      <FilterBar filters={filters} view={view} stamp={page.turn} onType={setTyped} onChange={change} />
      <Older page={page} filters={filters} onChange={change} />
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
      {!(page.error && !page.data) && <Shown view={view} page={page} sort={sort} filtered={isFiltered(filters)} chosen={chosen} onChoose={choose} onChange={change} />}
      <Pager info={page.data?.applications.pageInfo} total={page.data?.selected?.total} onChange={change} />
      {page.data?.applications.nodes.length > 0 && <Ahead />}
      <BulkBar chosen={chosen} onClear={() => setChosen(new Map())} />
    </>
  );
}

// Most people come here to open an application: what its page needs is fetched once this one is at rest.
const ANY = placeOf({ runtime: "any", namespace: "any", name: "any" });
// Its route asks for these only once it is shown, one after the other: the tree's stream would begin after the last.
const LATE = [() => import("./pane.jsx").then(({ fetchTree }) => fetchTree()), () => import("./deeds.jsx"), () => import("./environmentparts.jsx")];

function Ahead() {
  const [resting, setResting] = useState(false);
  useEffect(() => {
    const begin = () => {
      setResting(true);
      for (const fetched of LATE) fetched();
    };
    if (!window.requestIdleCallback) {
      const timer = setTimeout(begin, 500);
      return () => clearTimeout(timer);
    }
    const handle = requestIdleCallback(begin, { timeout: 2_000 });
    return () => cancelIdleCallback(handle);
  }, []);
  return resting && <PrefetchPageLinks page={ANY} />;
}

function Shown({ view, ...rest }) {
  const away = useMemo(() => new Set(silent(rest.page.data).map((runtime) => runtime.metadata.name)), [rest.page.data]);
  return view === "cards" ? <Cards away={away} {...rest} /> : <Table tree={view === "tree"} away={away} {...rest} />;
}

// What the period leaves out must not be taken for lost.
function Older({ page, filters, onChange }) {
  const { strip, always } = page.data ?? {};
  const older = always ? always.total - strip.total : 0;
  if (older <= 0 || filters.since === "any") return null;
  return (
    <p className="stale">
      <span>
        {older} more {older === 1 ? "was" : "were"} not deployed in the {SINCE[filters.since][0]}.
      </span>
      <button type="button" className="link" onClick={() => onChange({ since: "any" })}>
        Show all
      </button>
    </p>
  );
}

function usePage(filters, sort, view, search) {
  const matching = toArguments(filters);
  const whole = view === "tree" && Object.keys(matching).length === 0; // nothing is left out: roots, and below them on demand
  const selection = whole ? { onlyRoots: true } : matching;
  const variables = { filters: selection, sort: { field: SORTS[sort.key], order: sort.order }, pagination: toPagination(search) };
  const counted = { filters: selection, strip: toArguments(filters, ["health"]), always: toArguments(filters, ["health", "since"]), warned: toArguments(filters, ["since"]) };
  const key = JSON.stringify([variables, counted]);
  const [state, setState] = useState({ data: null, error: null, answers: null, stream: null });
  const counts = useRef(null);
  const asked = useRef(null);
  const [news, setNews] = useState(new Map()); // the newest word on each row, wherever it stands
  const [touched, setTouched] = useState({});
  const [turn, setTurn] = useState(0);
  const readAt = useRef(null);
  useEffect(() => {
    const controller = new AbortController();
    const failed = (error) => error.name === "AbortError" || setState((before) => ({ ...before, error }));
    const show = (data) => {
      readAt.current = new Date().toISOString();
      setNews(new Map());
      setState(({ stream }) => ({ data: { ...counts.current, ...data }, error: null, answers: { key, whole, q: filters.q }, stream: goesOn(stream, matching) ? stream : { filters: matching, after: data.cursor } }));
    };
    const count = () =>
      ask("application_counts", counted, controller.signal).then((found) => {
        counts.current = found;
        setState((before) => ({ ...before, data: before.data && { ...before.data, ...found } }));
      }, failed);
    const rows = () => ask("applications", variables, controller.signal).then(show);
    const both = () =>
      ask("applications_again", { ...variables, ...counted }, controller.signal).then((data) => {
        const { cursor, applications, ...found } = data;
        counts.current = found;
        show(data);
      });
    // People who chose others wait for rows, so what is counted comes after them. At first both are new, and neither waits.
    if (asked.current === key) both().catch(failed);
    else if (counts.current) rows().then(count, failed);
    else {
      rows().catch(failed);
      count();
    }
    asked.current = key;
    return () => controller.abort();
  }, [key, turn]);

  const again = useCallback(() => setTurn((count) => count + 1), []);
  const soon = useDelayed(again);
  const shown = useMemo(() => new Set(state.data?.applications.nodes.map(({ id }) => id)), [state.data]);
  useStream("application_changes", state.stream, {
    enabled: state.stream !== null,
    cursorOf,
    onEvent: ({ applications: event }) => {
      setNews((before) => new Map([...before, ...event.applications.map((row) => [row.id, row]), ...event.removed.map((id) => [id, null])]));
      if (event.type === "SNAPSHOT") return;
      setTouched((before) => ({ ...before, ...Object.fromEntries(event.applications.map(({ id }) => [id, (before[id] ?? 0) + 1])) }));
      tell(event.applications);
      const here = event.type === "RESYNC" || [...event.applications.map(({ id }) => id), ...event.removed].some((id) => shown.has(id));
      soon(about(here ? SOON_MS : LATER_MS));
    },
  });
  const connection = useConnection();
  const reason = connection.up === false ? "the control plane does not answer" : state.error?.message;
  const stale = state.data && reason ? { since: connection.up === false ? connection.since : readAt.current, reason } : null;
  return { ...state, whole, news, touched, turn, again, stale };
}

// The stream begins where the first page of a selection was read, and goes on while pages of the same are read again.
const goesOn = (stream, filters) => stream !== null && JSON.stringify(stream.filters) === JSON.stringify(filters);

// While somebody types, what is here is narrowed at once; the answer follows.
function useNarrowed(page, typed) {
  const { data, answers } = page;
  return useMemo(() => {
    if (!data || !typed || answers.whole || typed === answers.q) return page;
    const nodes = narrowed(data.applications.nodes, typed);
    return { ...page, data: { ...data, applications: { ...data.applications, nodes } } };
  }, [page, data, answers, typed]);
}

function tell(rows) {
  if (rows.length > 3) return announce(`${rows.length} applications changed`);
  return announce(rows.map((row) => `${row.metadata.name}: ${HEALTH[row.healthStatus].word}, ${SYNC[row.syncStatus].word}`).join(". "));
}

// What changed on this page shows at once; counts and order follow. What changed elsewhere can only matter to those: of many open
// consoles, not all ask again at the same moment, none that nobody looks at, and none again and again while much changes.
const SOON_MS = 400;
const LATER_MS = 3_000;
const REST_MS = 3_000;
const about = (milliseconds) => milliseconds * (0.5 + Math.random());

function useDelayed(action) {
  const pending = useRef({ timer: 0, due: Infinity });
  const rested = useRef(0);
  const act = useCallback(() => {
    if (document.hidden) return document.addEventListener("visibilitychange", act, { once: true });
    pending.current.due = Infinity;
    rested.current = Date.now() + about(REST_MS);
    return action();
  }, [action]);
  useEffect(
    () => () => {
      clearTimeout(pending.current.timer);
      document.removeEventListener("visibilitychange", act);
    },
    [act],
  );
  return (milliseconds) => {
    const due = Math.max(Date.now() + milliseconds, rested.current);
    if (due >= pending.current.due) return;
    clearTimeout(pending.current.timer);
    pending.current = { due, timer: setTimeout(act, due - Date.now()) };
  };
}

const silent = (data) => data?.runtimes?.nodes.filter((runtime) => !runtime.available) ?? [];

const focusedRow = (links) => links.findIndex((link) => link === document.activeElement);

// j, k and arrows walk the rows; s, r and d act on the one in focus, x takes it into the selection.
function useRowKeys() {
  const navigate = useNavigate();
  useEffect(() => {
    const onKey = (event) => {
      if (event.metaKey || event.ctrlKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
      if (document.querySelector("dialog[open], details[open]")) return;
      const links = [...document.querySelectorAll("a.row-link")];
      const at = focusedRow(links);
      const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
      const row = at >= 0 ? links[at].closest("[data-application]") : null;
      const plain = row && row.dataset.set === undefined; // an ApplicationSet is neither synced nor compared
      if (step && links.length) links[Math.max(0, Math.min(links.length - 1, at + step))].focus();
      else if (plain && event.key === "s") navigate(`${links[at].getAttribute("href")}?do=sync`);
      else if (plain && event.key === "d") navigate(`${links[at].getAttribute("href")}?tab=diff`);
      else if (plain && event.key === "r") refresh(links[at].getAttribute("href"));
      else if (row && event.key === "x") row.querySelector("input[type=checkbox]")?.click();
      else if (row && /^Arrow(Left|Right)$/.test(event.key)) row.querySelector(`.twist[aria-expanded="${event.key === "ArrowLeft"}"]`)?.click();
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
