// Workflows on Home: how often pipelines ran to their end and how it went. Only where a cluster serves workflows.
import { useRef, useState } from "react";
import { Chart } from "./chart.jsx";
import { FacetMenu } from "./filterbar.jsx";
import { Bone, Empty, Icon, Notice } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { clockSpan, percent, whole } from "./period.js";
import { Change, Tile } from "./tile.jsx";
import { showQuery, useQuery, withChanges } from "./url.jsx";

const FIGURES = [
  ["successRate", "Success rate", percent, "share", "good", "Executions that succeeded, as a share of all that came to an end."],
  ["averageDuration", "Average duration", clockSpan, "seconds", "bad", "Mean time from the start of an execution to its end, in minutes and seconds, however it ended."],
  ["executions", "Executions", whole, "count", null, "Workflows that came to an end in the period, each once, however often it was tried again."],
  ["committers", "Committers", whole, "count", null, "Distinct authors of the commits that triggered executions: many commits of one person count once."],
];
const WORDS = {
  status: { SUCCEEDED: "Succeeded", FAILED: "Failed", ERROR: "Error" },
  event: { GIT: "Git", CALENDAR: "Calendar", OTHER: "Other" },
};
const FILTERS = [
  ["status", "Status", "statuses"],
  ["repository", "Repository", "repositories"],
  ["branch", "Branch", "branches"],
  ["event", "Event", "events"],
  ["initiator", "Initiator", "initiators"],
];

export function Pipelines({ period, runtimes }) {
  const search = useQuery();
  const chosen = Object.fromEntries(FILTERS.map(([key]) => [key, search.getAll(key)]));
  const narrowed = Object.fromEntries(FILTERS.map(([key, , name]) => [name, chosen[key].length ? chosen[key] : null]));
  const filters = { from: period.from, to: period.to, timeZone: period.timeZone, runtimes };
  const { data, error, again } = useAnswer("pipelines", { filters: { ...filters, ...narrowed } });
  const last = useRef(null); // stays where it is until the next answer is there
  last.current = data?.pipelineStatistics ?? last.current;
  const found = last.current;
  if (!found?.served) return null;
  const change = (changes) => showQuery(withChanges(new URLSearchParams(location.search), changes), { replace: true });
  const figure = FIGURES.find(([key]) => key === search.get("figure")) ?? FIGURES[0];
  return (
    <section className="pipelines" aria-label="Pipelines" aria-busy={!data && !error}>
      <div className="page-head">
        <h2>Pipelines</h2>
        <span className="muted">workflows that ran to their end</span>
      </div>
      <Filters chosen={chosen} filters={filters} onChange={change} />
      {error && <Notice title="The figures of pipelines could not be read" detail={error.message} next="These are of before." id={error.id} onRetry={again} />}
      <div className="tiles kpis" role="group" aria-label="Figures of pipelines">
        {FIGURES.map((one) => (
          <Figure key={one[0]} figure={one} found={found} on={one === figure} onPick={() => change({ figure: one === FIGURES[0] ? null : one[0] })} />
        ))}
      </div>
      <DayByDay figure={figure} found={found} />
      <div className="tiles tiles-two">
        <Ranking title="Most active pipelines" pipelines={found.mostActive} />
        <Ranking title="Longest pipelines" pipelines={found.longest} />
      </div>
    </section>
  );
}

// What there is to choose from, whatever is chosen.
function Filters({ chosen, filters, onChange }) {
  const [wanted, setWanted] = useState(false);
  const { data } = useAnswer("pipeline_choices", { filters }, { enabled: wanted });
  const choices = data?.pipelineStatistics.choices;
  const offered = {
    status: Object.keys(WORDS.status).map((value) => ({ value, count: null })),
    event: Object.keys(WORDS.event).map((value) => ({ value, count: null })),
    repository: choices?.repositories,
    branch: choices?.branches,
    initiator: choices?.initiators,
  };
  return (
    <div className="filters" role="search" aria-label="Pipelines">
      {FILTERS.map(([key, label]) => (
        <FacetMenu key={key} facet={{ key, label, word: WORDS[key] && ((value) => WORDS[key][value] ?? value) }} choices={offered[key]} selected={chosen[key]} onChange={onChange} onWanted={WORDS[key] ? undefined : setWanted} />
      ))}
      {Object.values(chosen).some((values) => values.length > 0) && (
        <button type="button" className="button quiet" onClick={() => onChange(Object.fromEntries(FILTERS.map(([key]) => [key, null])))}>
          Clear
        </button>
      )}
    </div>
  );
}

const shown = (value, format) => (value === null ? "no data" : format(value));

function Figure({ figure: [key, title, format, , more, help], found, on, onPick }) {
  const trend = found[key];
  return (
    <button type="button" className="tile kpi" aria-pressed={on} title={help} onClick={onPick}>
      <span className="tile-head">{title}</span>
      <span className="figure">
        <span className={trend.value === null ? "muted" : "figure-value"}>{shown(trend.value, format)}</span>
        <Change trend={trend} more={more} format={format} />
      </span>
      <Spark values={found.days.map((day) => day[key])} />
    </button>
  );
}

// The shape only: the figures are in the chart and its table. Interrupted where there is no data.
function Spark({ values }) {
  const top = Math.max(...values.filter((value) => value !== null), 0) || 1;
  const x = (index) => (values.length > 1 ? (index / (values.length - 1)) * 96 : 48) + 2;
  const y = (value) => 22 - (value / top) * 20;
  const path = values.map((value, index) => (value === null ? "" : `${index && values[index - 1] !== null ? "L" : "M"}${x(index)} ${y(value)}h.01`)).join("");
  return (
    <svg className="spark" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
      <path className="chart-line chart-stroke-blue" d={path} />
    </svg>
  );
}

function DayByDay({ figure: [key, title, format, unit, , help], found }) {
  const nothing = found.days.every((day) => day[key] === null);
  return (
    <Tile title={`${title} day by day`}>
      {nothing && <Empty title="No data in this period" next={found.executions.value === null ? "No workflow that fits came to an end. Choose a longer period, or clear the filters." : "No execution names the author of a commit."} />}
      {!nothing && (
        <Chart
          label={`${title} of pipelines, day by day`}
          kind="line"
          unit={unit}
          granularity="DAILY"
          series={[{ label: title, colour: "blue" }]}
          format={format}
          buckets={found.days.map((day) => ({ start: day.start, partial: day.partial, values: [day[key]] }))}
        />
      )}
      <details className="help-text">
        <summary className="muted">What this says</summary>
        <p className="muted">{help} An execution counts on the day it ended, and only if you may read the repository that its template comes from and the one that it names.</p>
        <p className="muted">
          A pipeline is a trigger of a Sensor, else a CronWorkflow, a template, or the name that workflows are generated from. Repository, branch, commit and initiator are what the annotations argosy.io/repository,
          argosy.io/branch, argosy.io/commit and argosy.io/initiator of a workflow say, else its parameters (REPO_URL, BRANCH, COMMIT_SHA, COMMIT_AUTHOR and the like); where the runtime reads the repository, the author is who Git says.
        </p>
      </details>
    </Tile>
  );
}

function Ranking({ title, pipelines }) {
  return (
    <Tile title={title}>
      {pipelines.length === 0 && <p className="muted">No pipeline ran in this period.</p>}
      {pipelines.length > 0 && (
        <table className="rows stacks ranking">
          <caption className="unseen">{title}, with the change against the period before</caption>
          <thead>
            <tr>
              <th scope="col">Rank</th>
              <th scope="col">Pipeline</th>
              <th scope="col">Executions</th>
              <th scope="col">Duration</th>
              <th scope="col">Success</th>
            </tr>
          </thead>
          <tbody>
            {pipelines.map((one) => (
              <tr key={[one.runtime, one.cluster, one.namespace, one.name].join("/")}>
                <td className="number">
                  {one.rank} <Moved one={one} />
                </td>
                <th scope="row" title={`${one.name}: ${one.runtime} / ${one.cluster} / ${one.namespace}`}>
                  {one.name} <span className="muted">{`${one.runtime} / ${one.cluster} / ${one.namespace}`}</span>
                </th>
                <Measured label="executions" trend={one.executions} format={whole} />
                <Measured label="duration" trend={one.averageDuration} format={clockSpan} more="bad" />
                <Measured label="success" trend={one.successRate} format={percent} more="good" />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Tile>
  );
}

function Measured({ label, trend, format, more }) {
  return (
    <td className="number" data-label={label}>
      {shown(trend.value, format)} <Change trend={trend} more={more} format={format} />
    </td>
  );
}

// How many places it went up or down since the period before.
function Moved({ one: { rank, previousRank } }) {
  if (previousRank === null) return <span className="muted">new</span>;
  const places = previousRank - rank;
  if (!places) return null;
  const words = `${places > 0 ? "up" : "down"} ${Math.abs(places)}`;
  return (
    <span className="muted" title={`${words} from place ${previousRank}`}>
      {places > 0 ? "▲" : "▼"}
      {Math.abs(places)}
      <span className="unseen"> {words}</span>
    </span>
  );
}
