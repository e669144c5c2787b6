// Groups of applications: all of them, and one with its releases and its applications.
import { useState } from "react";
import { Cards } from "./appcards.jsx";
import { BulkBar } from "./bulk.jsx";
import { toPagination } from "./filters.js";
import { useFollowed, useTurn } from "./following.js";
import { change, GroupList, GroupStar, Healths } from "./gathered.jsx";
import { AppLink, Bone, Empty, Notice, Stale } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { Pager } from "./pager.jsx";
import { Timeline } from "./timeline.jsx";
import { QueryLink, useQuery } from "./url.jsx";

const PLACE = "/applications/groups";
const GROUPS = {
  place: PLACE,
  title: "Groups",
  word: "group",
  head: "Group",
  document: "app_groups",
  empty: "A group is there as soon as an application names it: in its configuration, or in its manifest.",
  how: "metadata:\n  annotations:\n    codefresh.io/app-group: shop, night shift",
};
const TABS = [
  ["timeline", "Timeline"],
  ["applications", "Applications"],
];

export function Groups() {
  const name = useQuery().get("name");
  return name ? <Group key={name} name={name} /> : <GroupList what={GROUPS} />;
}

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
