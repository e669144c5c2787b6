// Charts of figures over time: bars and a line, drawn as SVG, each with the same figures as a table for whoever cannot look.
import { Fragment, useEffect, useId, useRef, useState } from "react";
import { bucketLabel, niceCeiling } from "./period.js";

const NARROW = 600; // until the width is known
const HEIGHT = 160;
const ROOM = { left: 44, right: 8, top: 8, bottom: 22 };
const AXIS_HEIGHT = HEIGHT - ROOM.bottom + 6; // covers what scrolls beneath the figures, and no date
const LABEL_WIDTH = 76;
const LEAST_SEEN = 30; // buckets at once, where there are earlier ones to be seen beside those that are asked for

// Drawn in the pixels that there are, so that letters have one size in every chart.
function useWidth(ref) {
  const [width, setWidth] = useState(NARROW);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width) || NARROW));
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return width;
}

// `buckets`: [{start, partial, values: [..]}] with null for no data; `series`: [{label, colour}]. The first `before` of them came
// before the period: they are pale, and one scrolls back to them.
export function Chart({ label, buckets, before = 0, series, granularity, format, kind = "bars", average = null, unit = "count", onPick }) {
  const id = useId();
  const [at, setAt] = useState(null);
  const box = useRef(null);
  const room = useWidth(box);
  const shownAtOnce = before ? Math.min(Math.max(buckets.length - before, LEAST_SEEN), buckets.length) : Math.max(buckets.length, 1);
  const step = (room - ROOM.left - ROOM.right) / shownAtOnce;
  const width = before ? Math.round(ROOM.left + ROOM.right + step * buckets.length) : room;
  const scroller = useRef(null);
  useEffect(() => {
    if (before) scroller.current.scrollLeft = scroller.current.scrollWidth;
  }, [before, width]);
  const sums = buckets.map(({ values }) => values.reduce((sum, value) => sum + (value ?? 0), 0));
  const top = niceCeiling(Math.max(...sums, average ?? 0, 0), unit);
  const y = (value) => HEIGHT - ROOM.bottom - (value / top) * (HEIGHT - ROOM.top - ROOM.bottom);
  const every = Math.ceil((buckets.length * LABEL_WIDTH) / (width - ROOM.left - ROOM.right));
  const shown = at === null ? null : buckets[at];
  const axis = [0, 0.5, 1].map((share) => (
    <text key={share} className="chart-text" x={ROOM.left - 6} y={y(top * share) + 4} textAnchor="end">
      {format(top * share)}
    </text>
  ));
  const picture = (
      <svg viewBox={`0 0 ${width} ${HEIGHT}`} style={before ? { width } : undefined} role="img" aria-label={label} onMouseLeave={() => setAt(null)}>
        <defs>
          <pattern id={`${id}-cut`} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="2" height="5" className="chart-cut" />
          </pattern>
        </defs>
        {[0, 0.5, 1].map((share) => (
          <line key={share} className="chart-grid" x1={ROOM.left} x2={width - ROOM.right} y1={y(top * share)} y2={y(top * share)} />
        ))}
        {!before && axis}
        {before > 0 && <line className="chart-begin" x1={ROOM.left + before * step} x2={ROOM.left + before * step} y1={ROOM.top} y2={HEIGHT - ROOM.bottom} />}
        {kind === "line" && <Line buckets={buckets} y={y} step={step} colour={series[0].colour} />}
        {buckets.map((bucket, index) => (
          <g key={bucket.start} onMouseEnter={() => setAt(index)} onClick={onPick ? () => onPick(bucket, index) : undefined} className={`${onPick ? "chart-pick" : ""}${index < before ? " chart-before" : ""}`.trim() || undefined}>
            <rect className={`chart-hit${at === index ? " on" : ""}`} x={ROOM.left + index * step} y={ROOM.top} width={step} height={HEIGHT - ROOM.top - ROOM.bottom} />
            {kind === "bars" && <Stack bucket={bucket} series={series} y={y} x={ROOM.left + index * step} step={step} cut={`url(#${id}-cut)`} />}
            {index % every === 0 && (
              <text className="chart-text" x={Math.min(ROOM.left + (index + 0.5) * step, width - LABEL_WIDTH / 2)} y={HEIGHT - 6} textAnchor="middle">
                {bucketLabel(bucket.start, granularity)}
              </text>
            )}
          </g>
        ))}
        {average !== null && <line className="chart-average" x1={ROOM.left} x2={width - ROOM.right} y1={y(average)} y2={y(average)} />}
      </svg>
  );
  return (
    <figure className="chart" ref={box}>
      {before ? (
        <div className="chart-frame">
          <div className="chart-scroll" ref={scroller} tabIndex={0} role="group" aria-label={`${label}, with what came before`}>
            {picture}
          </div>
          <svg className="chart-axis" viewBox={`0 0 ${ROOM.left} ${AXIS_HEIGHT}`} style={{ width: ROOM.left, height: AXIS_HEIGHT }} aria-hidden="true">
            {axis}
          </svg>
        </div>
      ) : (
        picture
      )}
      <figcaption className="chart-caption muted">
        {shown ? (
          <>
            {bucketLabel(shown.start, granularity, true)}
            {at < before ? " (before the period)" : ""}
            {shown.partial ? " (not complete)" : ""}: {series.map(({ label: word }, index) => `${word} ${shown.values[index] === null ? "no data" : format(shown.values[index])}`).join(" · ")}
          </>
        ) : (
          <Legend series={series} average={average} />
        )}
      </figcaption>
      <FigureTable label={label} buckets={buckets} series={series} granularity={granularity} format={format} onPick={onPick} />
    </figure>
  );
}

function Stack({ bucket, series, y, x, step, cut }) {
  let below = 0;
  return series.map(({ label, colour }, index) => {
    const value = bucket.values[index] ?? 0;
    if (!value) return null;
    const [from, to] = [y(below), y(below + value)];
    below += value;
    const shape = { x: x + step * 0.15, y: to, width: step * 0.7, height: Math.max(from - to, 1), rx: 1 };
    return (
      <Fragment key={label}>
        <rect className={`chart-${colour}`} {...shape} />
        {bucket.partial && <rect fill={cut} {...shape} />}
      </Fragment>
    );
  });
}

// Interrupted where there is no data: a line through nothing would claim something.
function Line({ buckets, y, step, colour }) {
  const points = buckets.map(({ values: [value] }, index) => (value === null ? null : [ROOM.left + (index + 0.5) * step, y(value)]));
  const path = points.map((point, index) => (point ? `${index && points[index - 1] ? "L" : "M"}${point[0]} ${point[1]}` : "")).join("");
  return (
    <>
      <path className={`chart-line chart-stroke-${colour}`} d={path} />
      {points.map((point, index) => point && <circle key={buckets[index].start} className={`chart-${colour}`} cx={point[0]} cy={point[1]} r="2.5" />)}
    </>
  );
}

function Legend({ series, average }) {
  return (
    <span className="legend">
      {series.map(({ label, colour }) => (
        <span key={label} className="legend-entry">
          <i className={`legend-mark legend-${colour}`} aria-hidden="true" />
          {label}
        </span>
      ))}
      {average !== null && <span className="legend-entry">dashed: average</span>}
    </span>
  );
}

function FigureTable({ label, buckets, series, granularity, format, onPick }) {
  return (
    <details className="chart-table">
      <summary className="muted">As a table</summary>
      <table className="rows">
        <caption className="unseen">{label}</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            {series.map(({ label: word }) => (
              <th key={word} scope="col">
                {word}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {buckets.map((bucket, index) => (
            <tr key={bucket.start}>
              <th scope="row">
                {onPick ? (
                  <button type="button" className="link" onClick={() => onPick(bucket, index)}>
                    {bucketLabel(bucket.start, granularity, true)}
                  </button>
                ) : (
                  bucketLabel(bucket.start, granularity, true)
                )}
              </th>
              {series.map(({ label: word }, column) => (
                <td key={word} className="number">
                  {bucket.values[column] === null ? "no data" : format(bucket.values[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
