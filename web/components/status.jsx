// The one picture of a status: icon, word, colour. Health lives in circles, sync in squares and arrows; no shape is shared.
import { HEALTH, PHASES, SYNC } from "./tokens.js";

const HEALTH_SHAPES = {
  HEALTHY: (
    <>
      <circle cx="8" cy="8" r="6.25" />
      <path d="m5.2 8.2 2 2 3.7-4.2" />
    </>
  ),
  PROGRESSING: (
    <>
      <circle cx="8" cy="8" r="6.25" opacity="0.3" />
      <path className="turns" d="M8 1.75A6.25 6.25 0 0 1 14.25 8" />
    </>
  ),
  DEGRADED: (
    <>
      <circle cx="8" cy="8" r="6.25" fill="currentColor" />
      <path className="cutout" d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4" />
    </>
  ),
  SUSPENDED: (
    <>
      <circle cx="8" cy="8" r="6.25" />
      <path d="M6.4 5.6v4.8M9.6 5.6v4.8" />
    </>
  ),
  MISSING: <circle cx="8" cy="8" r="6.25" strokeDasharray="2.4 2.5" />,
  UNKNOWN: (
    <>
      <circle cx="8" cy="8" r="6.25" />
      <path d="M6.3 6.3a1.75 1.75 0 1 1 2.5 1.6c-.6.3-.8.6-.8 1.1M8 11.2v.1" />
    </>
  ),
  TERMINATED: (
    <>
      <circle cx="8" cy="8" r="6.25" />
      <path d="M6.1 6.1h3.8v3.8H6.1z" fill="currentColor" />
    </>
  ),
};

const SYNC_SHAPES = {
  SYNCED: (
    <>
      <rect x="2" y="2" width="12" height="12" rx="2.5" />
      <path d="M5 6.6h6M5 9.4h6" />
    </>
  ),
  OUT_OF_SYNC: (
    <>
      <rect x="2" y="2" width="12" height="12" rx="2.5" />
      <path d="M5 6.6h6M5 9.4h6M9.9 4.3 6.1 11.7" />
    </>
  ),
  SYNCING: (
    <g className="turns">
      <path d="M13.2 6.4A5.5 5.5 0 0 0 3.4 5M2.8 9.6a5.5 5.5 0 0 0 9.8 1.4" />
      <path d="M3.2 2.2v3h3M12.8 13.8v-3h-3" />
    </g>
  ),
  UNKNOWN: (
    <>
      <rect x="2" y="2" width="12" height="12" rx="2.5" strokeDasharray="2.2 2.2" />
      <path d="M5.4 8h5.2" />
    </>
  ),
};

function Picture({ look, shape, label, bare, title }) {
  const known = look ?? { word: "Unknown", colour: "grey" };
  return (
    <span className={`status status-${known.colour}${bare ? " bare" : ""}`} title={title || (bare ? known.word : undefined)}>
      <svg viewBox="0 0 16 16" className="icon" aria-hidden="true">
        {shape}
      </svg>
      {bare ? <span className="unseen">{`${label}: ${known.word}`}</span> : <span>{known.word}</span>}
    </span>
  );
}

export function Health({ status, bare = false, message }) {
  return <Picture label="Health" look={HEALTH[status]} shape={HEALTH_SHAPES[status] ?? HEALTH_SHAPES.UNKNOWN} bare={bare} title={message} />;
}

export function Sync({ status, bare = false, message }) {
  return <Picture label="Sync" look={SYNC[status]} shape={SYNC_SHAPES[status] ?? SYNC_SHAPES.UNKNOWN} bare={bare} title={message} />;
}

// Of a Rollout, of an analysis, or of one step: the shapes of health with words of their own.
export function Phase({ phase, bare = false, message }) {
  const look = PHASES[phase] ?? PHASES.Unknown;
  return <Picture label="State" look={look} shape={HEALTH_SHAPES[look.shape]} bare={bare} title={message} />;
}
