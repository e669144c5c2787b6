// The timeline of an application, or of all applications of a group: their releases, filtered by when, by who, and by what they brought.
import { useRef } from "react";
import { FacetMenu } from "./filterbar.jsx";
import { Releases } from "./releases.jsx";
import { showQuery, useQuery, withChanges } from "./url.jsx";

const SINCE = [
  ["", "any time"],
  ["7", "last 7 days"],
  ["30", "last 30 days"],
  ["90", "last 90 days"],
  ["365", "last year"],
];
const HOUR_MS = 3_600_000;

// Whole hours, so that the same look asks the same for a while.
const startOf = (days) => (days ? new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS - Number(days) * 24 * HOUR_MS).toISOString() : null);

// What the releases that were seen offer as filters: {committer, pr, issue}, each value -> words.
export function offered(before, releases) {
  const next = { committer: new Map(before?.committer), pr: new Map(before?.pr), issue: new Map(before?.issue) };
  for (const { committers, pullRequests, issues } of releases) {
    for (const { name } of committers) next.committer.set(name, name);
    for (const { key, title } of pullRequests) next.pr.set(key, title?.includes(`#${key}`) ? title : `#${key} ${title ?? ""}`.trim());
    for (const { key } of issues) next.issue.set(key, key);
  }
  return next;
}

const FACETS = [
  ["committer", "Committer"],
  ["pr", "Pull request"],
  ["issue", "Issue"],
];

export function Timeline({ application = null, group = null, stamp = 0, steering = null }) {
  const search = useQuery();
  const offers = useRef(null); // grows: a filter must not take the other choices away
  const chosen = Object.fromEntries(FACETS.map(([key]) => [key, search.getAll(key)]));
  const days = SINCE.some(([key]) => key === search.get("days")) ? search.get("days") : "";
  const listed = (values) => (values.length ? values : null);
  const filters = { ...(application ?? { groups: [group] }), startDate: startOf(days), committers: listed(chosen.committer), prKeys: listed(chosen.pr), issueKeys: listed(chosen.issue) };
  const filtered = days || Object.values(chosen).some((values) => values.length);
  const change = (changes) => showQuery(withChanges(new URLSearchParams(location.search), changes), { replace: true });
  const clear = () => change({ days: null, committer: null, pr: null, issue: null });
  return (
    <Releases
      filters={filters}
      application={application}
      withApplication={!application}
      stamp={stamp}
      steering={steering}
      filtered={Boolean(filtered)}
      onClear={clear}
      bar={(releases) => {
        offers.current = offered(offers.current, releases);
        return (
          <div className="filters" role="search" aria-label="Releases">
            {FACETS.map(([key, label]) => (
              <FacetMenu key={key} facet={{ key, label, word: (value) => offers.current[key].get(value) }} choices={[...offers.current[key].keys()].map((value) => ({ value }))} selected={chosen[key]} onChange={change} />
            ))}
            <label className="select">
              <span className="muted">Deployed</span>
              <select value={days} onChange={(event) => change({ days: event.target.value })}>
                {SINCE.map(([key, words]) => (
                  <option key={key} value={key}>
                    {words}
                  </option>
                ))}
              </select>
            </label>
            {filtered && (
              <button type="button" className="button quiet" onClick={clear}>
                Clear
              </button>
            )}
          </div>
        );
      }}
    />
  );
}
