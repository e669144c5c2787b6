// Groups of applications: all of them, and one with its releases and its applications. A group is there as long as an
// application names it, so nothing is made or deleted here.
import { useCallback, useEffect, useRef, useState } from "react";
import { Cards } from "./appcards.jsx";
import { ApplicationMenu } from "./appmenu.jsx";
import { Star } from "./appparts.jsx";
import { ApplicationTabs } from "./applicationtabs.jsx";
import { BulkBar } from "./bulk.jsx";
import { SearchField } from "./filterbar.jsx";
import { fromStart, GROUP_SORTS, groupSort, nextGroupSort, toPagination } from "./filters.js";
import { AppLink, Bone, Empty, Icon, Moment, Notice, Stale } from "./kit.jsx";
import { useAnswer, useStream } from "./live.js";
import { Pager } from "./pager.jsx";
import { Health } from "./status.jsx";
import { Table } from "./table.jsx";
import { Timeline } from "./timeline.jsx";
import { QueryLink, showQuery, useQuery, withChanges } from "./url.jsx";

const PLACE = "/applications/groups";
const GATHER_MS = 1_000;
const HOW = "metadata:\n  annotations:\n    codefresh.io/app-group: shop, night shift";
const TABS = [
  ["timeline", "Timeline"],
  ["applications", "Applications"],
];
const LIST = ["q", "application", "star", "sort", "after", "before"];

export function Groups() {
  const name = useQuery().get("name");
  return name ? <Group key={name} name={name} /> : <List />;
}

const change = (changes) => showQuery(withChanges(new URLSearchParams(location.search), fromStart(changes)), { replace: "q" in changes });

// What is shown is asked for again when one of these applications changed; a burst of changes is one question.
function useFollowed(filters, cursor, again) {
  const first = useRef(null);
  first.current ??= cursor ?? null;
  const timer = useRef(null);
  useEffect(() => () => clearTimeout(timer.current), []);
  useStream("application_changes", { filters, after: first.current }, {
    enabled: first.current !== null,
    cursorOf: (data) => data.applications.cursor,
    onEvent: ({ applications: event }) => {
      if (event.type === "SNAPSHOT") return;
      timer.current ??= setTimeout(() => {
        timer.current = null;
        again();
      }, GATHER_MS);
    },
  });
}

function useTurn() {
  const [turn, setTurn] = useState(0);
  return [turn, useCallback(() => setTurn((count) => count + 1), [])];
}

function List() {
  const search = useQuery();
  const [turn, turnOver] = useTurn();
  const wanted = { search: search.get("q") ?? "", applications: search.getAll("application"), star: search.get("star") === "1" };
  const sort = groupSort(search);
  const filters = { search: wanted.search || null, applications: wanted.applications.length ? wanted.applications : null, favorite: wanted.star || null };
  const { data, error, again } = useAnswer("app_groups", { filters, sort: { field: GROUP_SORTS[sort.key], order: sort.order }, pagination: toPagination(search) }, { stamp: turn });
  useFollowed({}, data?.cursor, turnOver);
  const found = data?.appGroups;
  const filtered = Boolean(wanted.search || wanted.applications.length || wanted.star);
  const clear = () => change({ q: null, application: null, star: null });
  const head = (key, label) => ({ label, order: sort.key === key ? sort.order : null, onSort: () => change({ sort: nextGroupSort(sort, key) }) });
  return (
    <>
      <ApplicationTabs current={PLACE} />
      <div className="page-head">
        <h1>Groups</h1>
        {found && <span className="muted">{found.totalCount}</span>}
      </div>
      <div className="filters" role="search" aria-label="Groups">
        <SearchField label="Search groups by name" value={wanted.search} onChange={(q) => change({ q })} />
        <ApplicationMenu selected={wanted.applications} onChange={change} />
        <button type="button" className="button" aria-pressed={wanted.star} onClick={() => change({ star: wanted.star ? null : "1" })}>
          <Icon name="star" filled={wanted.star} />
          Favourites
        </button>
        {filtered && (
          <button type="button" className="button quiet" onClick={clear}>
            Clear
          </button>
        )}
      </div>
      {error && <Notice title="The groups could not be read" detail={error.message} next="Applications still work." id={error.id} onRetry={again} />}
      {!found && !error && <Bone wide />}
      {found?.nodes.length === 0 && filtered && (
        <Empty title="No group matches" next="Take a filter away, or clear them all.">
          <button type="button" className="button" onClick={clear}>
            Clear all filters
          </button>
        </Empty>
      )}
      {found?.nodes.length === 0 && !filtered && <Empty title="No groups yet" next="A group is there as soon as an application names it: in its configuration, or in its manifest." command={HOW} />}
      {found?.nodes.length > 0 && (
        <Table caption="Groups" heads={[head("name", "Group"), "Applications", "Health", head("updated", "Last deployed")]} className="app_groups">
          {found.nodes.map((group) => (
            <tr key={group.id} data-group={group.name}>
              <th scope="row">
                <span className="named">
                  <GroupStar group={group} />
                  <QueryLink className="row-link" changes={{ ...Object.fromEntries(LIST.map((key) => [key, null])), name: group.name }}>
                    {group.name}
                  </QueryLink>
                </span>
              </th>
              <td>{counted(group.applicationsNum)}</td>
              <td>
                <Healths counts={group.healthStatuses} />
              </td>
              <td>
                <Moment at={group.updatedAt} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      <Pager info={found?.pageInfo} total={found?.totalCount} onChange={change} />
    </>
  );
}

const counted = (number) => `${number} application${number === 1 ? "" : "s"}`;

const GroupStar = ({ group }) => <Star row={{ id: group.id, metadata: group }} />;

const Healths = ({ counts }) => (
  <span className="healths">
    {counts.map(({ value, count }) => (
      <span key={value} className="healths-one">
        {count} <Health status={value} />
      </span>
    ))}
  </span>
);

function Group({ name }) {
  const search = useQuery();
  const [turn, turnOver] = useTurn();
  const { data, error, again } = useAnswer("app_group", { name }, { stamp: turn });
  useFollowed({ groups: [name] }, data?.cursor, turnOver);
  const group = data?.appGroup;
  if (error && !data) return <Notice title="The group could not be read" detail={error.message} next="Its applications go on as they are." id={error.id} onRetry={again} />;
  if (data && !group) {
    return (
      <Empty title={`There is no group ${name}`} next="No application that you may see is in it.">
        <AppLink className="button" to={PLACE}>
          All groups
        </AppLink>
      </Empty>
    );
  }
  const tab = search.get("tab") === "applications" ? "applications" : "timeline";
  const silent = data?.runtimes.nodes.filter((runtime) => !runtime.available) ?? [];
  return (
    <>
      <div className="page-head">
        <nav className="crumbs" aria-label="Where this is">
          <AppLink to="/applications">Applications</AppLink>
          <span aria-hidden="true">/</span>
          <AppLink to={PLACE}>Groups</AppLink>
          <span aria-hidden="true">/</span>
        </nav>
        {group && <GroupStar group={group} />}
        <h1>{name}</h1>
        {group && <Healths counts={group.healthStatuses} />}
      </div>
      {silent.map((runtime) => (
        <Stale key={runtime.id} since={runtime.lastUpdated} reason={`runtime ${runtime.metadata.name} is not reachable`} />
      ))}
      <nav className="tabs" aria-label="Sections of the group">
        {TABS.map(([key, label]) => (
          <QueryLink key={key} className="tab" current={tab === key} changes={{ tab: key === "timeline" ? null : key, after: null, before: null }}>
            {label}
            {key === "applications" && group && <span className="muted">{group.applicationsNum}</span>}
          </QueryLink>
        ))}
      </nav>
      {!group && <Bone wide />}
      {group && tab === "timeline" && <Timeline group={name} stamp={turn} />}
      {group && tab === "applications" && <Members name={name} turn={turn} away={new Set(silent.map((runtime) => runtime.metadata.name))} />}
    </>
  );
}

const NO_NEWS = new Map();

function Members({ name, turn, away }) {
  const search = useQuery();
  const { data, error, again } = useAnswer("applications", { filters: { groups: [name] }, sort: { field: "name", order: "asc" }, pagination: toPagination(search) }, { stamp: turn });
  const [chosen, setChosen] = useState(NO_NEWS);
  const choose = (rows, on) =>
    setChosen((before) => {
      const next = new Map(before);
      for (const row of rows) on ? next.set(row.id, row) : next.delete(row.id);
      return next;
    });
  if (error && !data) return <Notice title="The applications could not be read" detail={error.message} next="The timeline still works." id={error.id} onRetry={again} />;
  return (
    <>
      <Cards page={{ data, news: NO_NEWS }} filtered={false} away={away} chosen={chosen} onChoose={choose} onChange={change} />
      <Pager info={data?.applications.pageInfo} onChange={change} />
      <BulkBar chosen={chosen} onClear={() => setChosen(NO_NEWS)} />
    </>
  );
}
