// Which period, in which steps: in the query of the address, like every filter.
import { FacetMenu } from "./filterbar.jsx";
import { useAnswer } from "./live.js";
import { GRANULARITIES, PERIODS } from "./period.js";
import { showQuery, useQuery, withChanges } from "./url.jsx";

export function PeriodBar({ period, children }) {
  const search = useQuery();
  const change = (changes) => showQuery(withChanges(new URLSearchParams(location.search), changes), { replace: true });
  const { data } = useAnswer("runtimes", {});
  const runtimes = (data?.runtimes.nodes ?? []).map((one) => ({ value: one.metadata.name, count: one.applicationsNum }));
  return (
    <div className="filters">
      <Choice label="Period" options={PERIODS} value={period.key} onChange={(time) => change({ time })} />
      <Choice label="Steps" options={GRANULARITIES} value={period.by} onChange={(by) => change({ by })} />
      <FacetMenu facet={{ key: "runtime", label: "Runtime" }} choices={runtimes} selected={search.getAll("runtime")} onChange={change} />
      {children}
    </div>
  );
}

function Choice({ label, options, value, onChange }) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {options.map(([key, word]) => (
        <button key={key} type="button" className="button" aria-pressed={key === value} onClick={() => onChange(key)}>
          {word}
        </button>
      ))}
    </div>
  );
}
