// What dashboards are laid out of: a tile, and the change of a figure against the period before.
import { whole } from "./period.js";

export const Tile = ({ title, aside, children }) => (
  <section className="tile" aria-label={title}>
    <div className="tile-head">
      <h2>{title}</h2>
      {aside}
    </div>
    {children}
  </section>
);

// Colour follows the meaning: fewer successes are bad, fewer failures are good. More deployments of an application are neither:
// `more` is left out.
export function Change({ trend, more, format = whole }) {
  if (trend.changePercent === null) return null;
  const change = Math.round(trend.changePercent);
  const tone = change === 0 || !more ? "grey" : change > 0 === (more === "good") ? "green" : "red";
  return (
    <span className={`status-${tone}`} title={`${format(trend.previous)} in the period before`}>
      {`${change > 0 ? "+" : ""}${change} %`}
    </span>
  );
}
