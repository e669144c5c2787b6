// The four key metrics. Every figure opens the releases behind it.
import { useMemo, useState } from "react";
import { ApplicationMenu } from "./appmenu.jsx";
import { Chart } from "./chart.jsx";
import { FacetMenu } from "./filterbar.jsx";
import { FACETS, withNone } from "./filters.js";
import { Bone, Empty, Icon, Notice } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { bucketEnd, bucketLabel, percent, readPeriod, span, whole } from "./period.js";
import { PeriodBar } from "./periodbar.jsx";
import { Releases } from "./releases.jsx";
import { showQuery, useQuery, withChanges } from "./url.jsx";

const METRICS = [
  ["deploymentFrequency", "Deployment frequency", whole, "bars", "count", "Successful deployments a step: releases that became Healthy and were not Degraded before. The headline is the average over all steps, empty ones included.", "Nothing was deployed."],
  ["leadTimeForChanges", "Lead time for changes", span, "line", "seconds", "From the making of a commit to the end of the deployment that brought it, averaged over commits that changed what the application reads. Only successful deployments count.", "No successful deployment brought a commit that is known."],
  ["changeFailureRate", "Change failure rate", percent, "line", "share", "Failed deployments as a share of failed and successful ones. Failed: it could not be applied, was Degraded before it was ever Healthy, or was rolled back. The headline counts the whole period, it is no average of steps.", "No deployment has succeeded or failed."],
  ["timeToRestoreService", "Time to restore service", span, "line", "seconds", "From when a failed deployment was seen to fail until the application was Healthy again, averaged.", "No failed deployment was followed by a recovery."],
];
const ENVIRONMENT = FACETS.find(({ key }) => key === "environment");
const LEVELS = { ELITE: ["Elite", "green"], HIGH: ["High", "blue"], MEDIUM: ["Medium", "amber"], LOW: ["Low", "red"] };

export function Dora() {
  const search = useQuery();
  const period = useMemo(() => readPeriod(search, { period: "90d", granularity: "WEEKLY" }), [search]);
  const runtimes = search.getAll("runtime");
  const clusters = search.getAll("cluster");
  const applications = search.getAll("application");
  const labels = search.getAll("label");
  const products = search.getAll("product");
  const groups = search.getAll("group");
  const environments = search.getAll("environment");
  const star = search.get("star") === "1";
  const some = (values) => (values.length ? values : null);
  const places = { runtimes: some(runtimes), clusters: some(clusters), applications: some(applications), labels: some(labels), products: some(products), groups: some(groups), environments: some(environments), favorite: star || null };
  const filters = { from: period.from, to: period.to, granularity: period.by, timeZone: period.timeZone, ...places };
  const { data, error, again } = useAnswer("dora", { filters });
  const found = data?.doraStatistics;
  const known = (useAnswer("clusters", {}).data?.clusters.nodes ?? []).map((one) => ({ value: one.metadata.name, count: one.info.applicationsCount }));
  const change = (changes) => showQuery(withChanges(new URLSearchParams(location.search), changes), { replace: true });
  const picked = search.get("since") && { startDate: search.get("since"), endDate: search.get("until") };
  return (
    <>
      <div className="page-head">
        <h1>Key metrics</h1>
        <span className="muted">as DORA defines them, for the applications that you may see</span>
      </div>
      <PeriodBar period={period}>
        <FacetMenu facet={{ key: "cluster", label: "Cluster" }} choices={known} selected={clusters} onChange={change} />
        <ApplicationMenu selected={applications} onChange={change} />
        <LabelMenu selected={labels} onChange={change} />
        <button type="button" className="button" aria-pressed={star} onClick={() => change({ star: star ? null : "1" })}>
          <Icon name="star" filled={star} />
          Favourites
        </button>
        <MoreFilters products={products} groups={groups} environments={environments} onChange={change} />
      </PeriodBar>
      {error && <Notice title="The figures could not be read" detail={error.message} next="Applications and runtimes still work." id={error.id} onRetry={again} />}
      <Totals totals={found?.totals} />
      <div className="tiles tiles-two">
        {METRICS.map(([key, title, format, kind, unit, help, empty]) => (
          <Metric key={key} title={title} format={format} kind={kind} unit={unit} help={help} empty={empty} series={found?.[key]} period={period} onPick={(bucket, index) => change({ since: bucket.start, until: bucketEnd(found[key].points, index, period.to) })} />
        ))}
      </div>
      {picked && (
        <section aria-label="Releases behind the figure">
          <div className="page-head">
            <h2>Releases from {bucketLabel(picked.startDate, period.by, true)}</h2>
            <button type="button" className="button quiet" onClick={() => change({ since: null, until: null })}>
              Close
            </button>
          </div>
          <Releases filters={{ ...picked, ...places }} withApplication />
        </section>
      )}
    </>
  );
}

// Labels of all applications, whatever else is chosen.
function LabelMenu({ selected, onChange }) {
  const [wanted, setWanted] = useState(false);
  const { data } = useAnswer("application_choices", { choices: {} }, { enabled: wanted });
  return <FacetMenu facet={{ key: "label", label: "Label" }} choices={data?.choices.labels} selected={selected} onChange={onChange} onWanted={setWanted} />;
}

// What not everybody has.
function MoreFilters({ products, groups, environments, onChange }) {
  const [open, setOpen] = useState(products.length + groups.length + environments.length > 0);
  const { data } = useAnswer("memberships", {}, { enabled: open });
  return (
    <>
      <button type="button" className="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        More filters
        <Icon name={open ? "down" : "chevron"} />
      </button>
      {open && (
        <>
          <FacetMenu facet={{ key: "product", label: "Product" }} choices={data?.known.products} selected={products} onChange={onChange} />
          <FacetMenu facet={ENVIRONMENT} choices={withNone(data?.known.environments, environments)} selected={environments} onChange={onChange} />
          <FacetMenu facet={{ key: "group", label: "Group" }} choices={data?.known.groups} selected={groups} onChange={onChange} />
        </>
      )}
    </>
  );
}

function Totals({ totals }) {
  const figures = [
    ["deployments", totals?.deployments],
    ["rollbacks", totals?.rollbacks],
    ["failure rate", totals && (totals.failureRate === null ? "no data" : percent(totals.failureRate))],
    ["commits", totals?.commits],
    ["pull requests", totals?.pullRequests],
  ];
  return (
    <div className="figures figures-row">
      {figures.map(([word, value]) => (
        <div className="figure" key={word}>
          <span className="figure-value">{value === undefined ? <Bone /> : value}</span>
          <span>{word}</span>
        </div>
      ))}
    </div>
  );
}

function Metric({ title, format, kind, unit, help, empty, series, period, onPick }) {
  const [word, colour] = LEVELS[series?.level] ?? [];
  return (
    <section className="tile" aria-label={title}>
      <div className="tile-head">
        <h2>{title}</h2>
        {series && (
          <span className="figure-value">
            {series.headline === null ? "no data" : format(series.headline)}
            {series.headline !== null && series.unit.startsWith("per") && <span className="muted"> {series.unit}</span>}
          </span>
        )}
        {word && <span className={`status-${colour}`}>{word}</span>}
      </div>
      {!series && <Bone wide />}
      {series && series.headline === null && <Empty title="No data in this period" next={empty} />}
      {series && series.headline !== null && (
        <Chart
          label={`${title} over time`}
          kind={kind}
          unit={unit}
          granularity={period.by}
          series={[{ label: title, colour: kind === "bars" ? "green" : "blue" }]}
          format={format}
          average={series.headline}
          onPick={onPick}
          buckets={series.points.map((one) => ({ start: one.start, partial: one.partial, values: [one.value] }))}
        />
      )}
      <details className="help-text">
        <summary className="muted">What this says</summary>
        <p className="muted">
          {help}
          {series?.median !== null && series?.median !== undefined ? ` The median is ${format(series.median)}.` : ""}
        </p>
      </details>
    </section>
  );
}
