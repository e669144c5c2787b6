// Analyses of a Rollout: what was measured against which condition, as a small chart and in words.
import { Moment } from "./kit.jsx";
import { numberOf, threshold } from "./rollout.js";
import { Phase } from "./status.jsx";

export function Analyses({ runs }) {
  if (!runs.length) return null;
  return (
    <section aria-label="Analyses" className="analyses">
      <h3>Analyses</h3>
      {runs.map((run, index) => (
        <details key={run.name} open={index === 0} className="run">
          <summary>
            <Phase phase={run.phase} />
            <strong>{run.name}</strong>
            {run.startedAt && (
              <span className="muted">
                <Moment at={run.startedAt} />
              </span>
            )}
            {run.message && <span className="muted">{run.message}</span>}
          </summary>
          <div className="metrics">
            {run.metrics.map((metric) => (
              <Metric key={metric.name} metric={metric} />
            ))}
          </div>
        </details>
      ))}
    </section>
  );
}

const COUNTS = [
  ["successful", "ok"],
  ["failed", "failed"],
  ["inconclusive", "inconclusive"],
  ["error", "errors"],
];

function Metric({ metric }) {
  const counts = COUNTS.filter(([key]) => metric[key] > 0).map(([key, word]) => `${metric[key]} ${word}`);
  return (
    <div className="metric">
      <p className="version-head">
        <Phase phase={metric.phase} />
        <strong>{metric.name}</strong>
        <span className="muted">{metric.provider}</span>
        <span className="grow" />
        <span className="muted number">{counts.join(" · ") || "nothing measured yet"}</span>
      </p>
      <Measured metric={metric} />
      {metric.successCondition && (
        <p className="muted">
          passes when <code>{metric.successCondition}</code>
        </p>
      )}
      {metric.failureCondition && (
        <p className="muted">
          fails when <code>{metric.failureCondition}</code>
        </p>
      )}
      {metric.message && <p className="problem">{metric.message}</p>}
      {metric.measurements.length > 0 && (
        <details>
          <summary className="muted">As a table</summary>
          <table className="rows">
            <caption className="unseen">Measurements of {metric.name}</caption>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Value</th>
                <th scope="col">Verdict</th>
              </tr>
            </thead>
            <tbody>
              {metric.measurements.map((one, index) => (
                <tr key={`${one.startedAt}/${index}`}>
                  <td>
                    <Moment at={one.finishedAt ?? one.startedAt} />
                  </td>
                  <td title={one.message ?? undefined}>
                    <code>{one.value ?? one.message ?? "–"}</code>
                  </td>
                  <td>
                    <Phase phase={one.phase} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </div>
  );
}

const WIDTH = 320;
const HEIGHT = 56;
const COLOURS = { Successful: "green", Failed: "red", Error: "red", Inconclusive: "amber" };

// Only numbers are drawn; the line is where the condition draws it.
function Measured({ metric }) {
  const points = metric.measurements.map((one) => ({ value: numberOf(one.value), phase: one.phase })).filter(({ value }) => value !== null);
  if (!points.length) return null;
  const limits = [threshold(metric.successCondition), threshold(metric.failureCondition)].filter(Boolean).map(({ value }) => value);
  const values = [...points.map(({ value }) => value), ...limits];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low || Math.abs(high) || 1) * 0.15;
  const y = (value) => HEIGHT - ((value - low + room) / (high - low + 2 * room)) * HEIGHT;
  const x = (index) => ((index + 0.5) / points.length) * WIDTH;
  const label = `${metric.name}: ${points.map(({ value }) => value).join(", ")}${limits.length ? `; limit ${limits.join(", ")}` : ""}`;
  return (
    <svg className="measured" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {limits.map((limit) => (
        <line key={limit} className="chart-average" x1="0" x2={WIDTH} y1={y(limit)} y2={y(limit)} />
      ))}
      <path className="chart-line chart-stroke-blue" d={points.map(({ value }, index) => `${index ? "L" : "M"}${x(index)} ${y(value)}`).join("")} />
      {points.map(({ value, phase }, index) => (
        <circle key={index} className={`chart-${COLOURS[phase] ?? "blue"}`} cx={x(index)} cy={y(value)} r="3" />
      ))}
    </svg>
  );
}
