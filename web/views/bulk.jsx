// What is done to many applications at once: each has an outcome of its own.
import { useEffect, useRef, useState } from "react";
import { operate } from "./appparts.jsx";
import { announce, AppLink, Icon } from "./kit.jsx";
import { placeOf } from "./place.js";

const AT_ONCE = 4;
const DEEDS = {
  sync: { title: "Sync", document: "sync", field: "syncApplication", done: "sync begun" },
  refresh: { title: "Refresh", document: "refresh", field: "refreshApplication", done: "refreshed" },
  hard: { title: "Hard refresh", document: "refresh", field: "refreshApplication", done: "rendered again" },
};

export function BulkBar({ chosen, onClear }) {
  const [deed, setDeed] = useState(null);
  if (!chosen.size && !deed) return null;
  const rows = [...chosen.values()];
  return (
    <>
      <div className="bulk" role="region" aria-label="Chosen applications">
        <strong>{chosen.size} chosen</strong>
        {Object.entries(DEEDS).map(([key, { title }]) => (
          <button key={key} type="button" className={`button${key === "sync" ? " primary" : ""}`} onClick={() => setDeed(key)}>
            <Icon name={key === "sync" ? "sync" : "refresh"} />
            {title}
          </button>
        ))}
        <button type="button" className="button quiet" onClick={onClear}>
          Clear
        </button>
      </div>
      {deed && <BulkDialog deed={deed} rows={rows} onClose={() => setDeed(null)} />}
    </>
  );
}

const WILL = {
  sync: ({ prune, dryRun }) =>
    dryRun
      ? "Asks each cluster what would happen; nothing is changed."
      : `Applies what Git says for each of them${prune ? ", and deletes what is no longer in Git" : "; what is no longer in Git stays"}.`,
  refresh: () => "Looks at Git and the cluster again, for each of them.",
  hard: () => "Fetches the repositories and renders the manifests again, past every cache, for each of them.",
};

function BulkDialog({ deed, rows, onClose }) {
  const dialog = useRef(null);
  const [options, setOptions] = useState({ prune: false, dryRun: false });
  const [outcomes, setOutcomes] = useState(null); // id -> "under way" | error | null when done
  useEffect(() => dialog.current.showModal(), []);
  const { title, document, field, done } = DEEDS[deed];
  const running = outcomes !== null && [...outcomes.values()].includes("under way");
  const run = async () => {
    const told = new Map(rows.map((row) => [row.id, "under way"]));
    setOutcomes(new Map(told));
    const waiting = [...rows];
    const work = async () => {
      for (let row = waiting.shift(); row; row = waiting.shift()) {
        const variables = deed === "sync" ? { options } : { hard: deed === "hard" };
        told.set(row.id, await operate(document, field, row.metadata, variables));
        setOutcomes(new Map(told));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const refused = [...told.values()].filter(Boolean).length;
    announce(refused ? `${refused} of ${rows.length} were refused` : `${title}: all ${rows.length} are under way`);
  };
  return (
    <dialog ref={dialog} aria-labelledby="bulk-title" className="bulk-dialog" onClose={onClose} onCancel={(event) => running && event.preventDefault()}>
      <h2 id="bulk-title">
        {title} {rows.length} {rows.length === 1 ? "application" : "applications"}
      </h2>
      <p className="will">{WILL[deed](options)}</p>
      {deed === "sync" && outcomes === null && (
        <div className="choices">
          {[
            ["prune", "Prune"],
            ["dryRun", "Dry run"],
          ].map(([key, label]) => (
            <label key={key} className="check">
              <input type="checkbox" checked={options[key]} onChange={(event) => setOptions({ ...options, [key]: event.target.checked })} />
              {label}
            </label>
          ))}
        </div>
      )}
      <ul className="outcomes" aria-live="off">
        {rows.map((row) => (
          <li key={row.id}>
            <AppLink to={placeOf(row.metadata)}>{row.metadata.name}</AppLink>
            <span className="muted">{row.metadata.runtime}</span>
            <Outcome told={outcomes?.get(row.id)} asked={outcomes !== null} done={options.dryRun && deed === "sync" ? "tried" : done} />
          </li>
        ))}
      </ul>
      <div className="actions">
        <button type="button" className="button" disabled={running} onClick={() => dialog.current.close()}>
          {outcomes === null ? "Cancel" : "Close"}
        </button>
        {outcomes === null && (
          <button type="button" className="button primary" onClick={run}>
            {title} {rows.length}
          </button>
        )}
      </div>
    </dialog>
  );
}

function Outcome({ told, asked, done }) {
  if (!asked) return <span />;
  if (told === "under way") return <span className="status status-blue">under way</span>;
  if (told) {
    return (
      <span className="status-red" title={told.suggestion ?? undefined}>
        {told.message}
      </span>
    );
  }
  return (
    <span className="status status-green">
      <Icon name="done" />
      {done}
    </span>
  );
}
