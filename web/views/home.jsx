// Home: what needs attention, how often things are deployed and how it goes, runtimes and clusters, pipelines.
import { useMemo } from "react";
import { Chart } from "./chart.jsx";
import { AppLink, Bone, Empty, Icon, Notice } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { FacetMenu } from "./filterbar.jsx";
import { HISTORY, readPeriod, whole } from "./period.js";
import { PeriodBar } from "./periodbar.jsx";
import { Pipelines } from "./pipelines.jsx";
import { placeOf } from "./place.js";
import { SetUp } from "./setup.jsx";
import { Health } from "./status.jsx";
import { Change, Tile } from "./tile.jsx";
import { showQuery, useQuery, withChanges } from "./url.jsx";

export function Home() {
  const search = useQuery();
  const period = useMemo(() => readPeriod(search), [search]);
  const runtimes = search.getAll("runtime");
  const filters = { from: period.from, to: period.to, granularity: period.by, timeZone: period.timeZone, runtimes: runtimes.length ? runtimes : null };
  const clusters = search.getAll("cluster");
  const { data, error, again } = useAnswer("home", { filters, steps: HISTORY[period.by], clusters: clusters.length ? clusters : null });
  const home = data?.homeStatistics;
  return (
    <>
      <div className="page-head">
        <h1>Home</h1>
      </div>
      <SetUp />
      <PeriodBar period={period} />
      {error && <Notice title="The figures could not be read" detail={error.message} next="Applications and runtimes still work." id={error.id} onRetry={again} />}
      <div className="home">
        <div className="home-column">
          <Deployments home={home} period={period} />
          <Attention />
        </div>
        <div className="home-column">
          <Counts home={home} />
          <Busiest home={home} clusters={clusters} />
        </div>
      </div>
      <Pipelines period={period} runtimes={filters.runtimes} />
    </>
  );
}

function Attention() {
  const { data, error } = useAnswer("attention", {});
  const found = data?.applications;
  return (
    <Tile title="Needs attention" aside={found?.totalCount > 0 && <AppLink to="/applications?health=DEGRADED&health=MISSING&health=UNKNOWN&since=any">all {found.totalCount}</AppLink>}>
      {error && <p className="muted">{error.message}</p>}
      {!found && !error && <Bone wide />}
      {found?.nodes.length === 0 && <Empty title="All is well" next="No application is degraded, missing or unknown." />}
      <ul className="attention">
        {found?.nodes.map((one) => (
          <li key={one.id}>
            <Health status={one.healthStatus} />
            <AppLink to={placeOf(one.metadata)}>{one.metadata.name}</AppLink>
            <span className="muted clip">{one.explanation ?? one.healthMessage ?? `${one.metadata.runtime} / ${one.metadata.cluster ?? ""}`}</span>
          </li>
        ))}
      </ul>
    </Tile>
  );
}

function Trend({ word, trend, more }) {
  return (
    <div className="figure">
      <span className="figure-value">{whole(trend.value)}</span>
      <span>{word}</span>
      <Change trend={trend} more={more} />
    </div>
  );
}

const SERIES = [
  { label: "Successful", colour: "green" },
  { label: "Failed", colour: "red" },
  { label: "Rolled back", colour: "amber" },
];

function Deployments({ home, period }) {
  const any = home && [...home.history, ...home.deployments].some((one) => one.successful + one.failed + one.rollbacks > 0);
  return (
    <Tile title="Deployments" aside={<AppLink to="/dora">Key metrics</AppLink>}>
      {!home && <Bone wide />}
      {home && (
        <div className="figures">
          <Trend word="successful" trend={home.totals.successful} more="good" />
          <Trend word="failed" trend={home.totals.failed} more="bad" />
          <Trend word="rolled back" trend={home.totals.rollbacks} more="bad" />
        </div>
      )}
      {home && !any && <Empty title="Nothing was deployed in this period or before" next="Push a change to a repository that an application follows, or choose a longer period." />}
      {any && (
        <Chart
          label="Deployments over time"
          granularity={period.by}
          series={SERIES}
          format={whole}
          before={home.history.length}
          buckets={[...home.history, ...home.deployments].map((one) => ({ start: one.start, partial: one.partial, values: [one.successful, one.failed, one.rollbacks] }))}
        />
      )}
    </Tile>
  );
}

function Busiest({ home, clusters }) {
  const known = (useAnswer("clusters", {}).data?.clusters.nodes ?? []).map((one) => ({ value: one.metadata.name, count: one.info.applicationsCount, also: one.server }));
  const choose = (changes) => showQuery(withChanges(new URLSearchParams(location.search), changes), { replace: true });
  const filter = known.length + clusters.length > 1 && <FacetMenu facet={{ key: "cluster", label: "Cluster" }} choices={known} selected={clusters} onChange={choose} />;
  const most = Math.max(...(home?.mostActive ?? []).map((one) => one.deployments.value), 1);
  const share = (count) => `${(count / most) * 100}%`;
  return (
    <Tile title="Most active applications" aside={filter}>
      {!home && <Bone wide />}
      {home?.mostActive.length === 0 && <p className="muted">No deployments in this period.</p>}
      <ol className="busiest">
        {home?.mostActive.map((one) => (
          <li key={Object.values(one.application).join("/")}>
            <AppLink to={placeOf(one.application)}>{one.application.name}</AppLink>
            <span className="muted clip">
              {one.application.runtime} / {one.cluster}
            </span>
            <span className="number">
              <Change trend={one.deployments} /> {one.deployments.value}
            </span>
            <span className="share" title={outcomes(one)}>
              <i className="legend-green" style={{ width: share(one.successful) }} />
              <i className="legend-red" style={{ width: share(one.failed) }} />
              <i className="legend-amber" style={{ width: share(one.rollbacks) }} />
              <i className="legend-grey" style={{ width: share(unsettled(one)) }} />
            </span>
          </li>
        ))}
      </ol>
    </Tile>
  );
}

// Under way, or never told how it ended.
const unsettled = ({ deployments, successful, failed, rollbacks }) => Math.max(deployments.value - successful - failed - rollbacks, 0);
const outcomes = (one) => `${one.successful} successful, ${one.failed} failed, ${one.rollbacks} rolled back${unsettled(one) ? `, ${unsettled(one)} not settled` : ""}`;

const GOOD = new Set(["Healthy", "Connected"]);

function Counts({ home }) {
  return (
    <Tile title="Runtimes and clusters">
      {!home && <Bone wide />}
      {home &&
        [
          ["Runtimes", "/runtimes", home.runtimes],
          ["Clusters", "/clusters", home.clusters],
        ].map(([word, place, facets]) => (
          <div key={word} className="figures">
            <AppLink to={place}>{word}</AppLink>
            {facets.map(({ value, count }) => (
              <span key={value} className={`status status-${GOOD.has(value) || !count ? (count ? "green" : "grey") : value === "Unknown" ? "grey" : "red"}`}>
                <Icon name={GOOD.has(value) ? "signal" : value === "Unknown" ? "info" : "alert"} />
                {count} {value.toLowerCase()}
              </span>
            ))}
          </div>
        ))}
    </Tile>
  );
}
