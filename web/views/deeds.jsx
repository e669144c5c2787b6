// What can be done to an application from its header. Each says what it will do; what is not allowed says why.
import { useEffect, useRef, useState } from "react";
import { announce, Icon } from "./kit.jsx";
import { showQuery, useQuery, withChanges } from "./url.jsx";

export function Deeds({ name, target, destination, allowed, reason, running, onSync, onRefresh, onTerminate }) {
  const search = useQuery();
  const [asking, setAsking] = useState(false);
  const why = allowed ? undefined : reason || "You may not do this";
  useEffect(() => {
    if (search.get("do") !== "sync" || !name) return;
    showQuery(withChanges(search, { do: null }), { replace: true });
    if (allowed) setAsking(true);
  }, [search, allowed, name]);
  return (
    <div className="deeds-bar">
      {running && (
        <button type="button" className="button danger" disabled={!allowed} title={why} onClick={onTerminate}>
          Terminate
        </button>
      )}
      <button type="button" data-key="s" className="button primary" disabled={!allowed || !name} title={why} aria-describedby={allowed ? undefined : "why-not"} onClick={() => setAsking(true)}>
        <Icon name="sync" />
        Sync
      </button>
      <div className="segments">
        <button
          type="button"
          data-key="r"
          className="button"
          disabled={!name}
          onClick={() => {
            announce(`Refreshing ${name}`);
            onRefresh(false);
          }}
        >
          <Icon name="refresh" />
          Refresh
        </button>
        <More name={name} onHard={() => onRefresh(true)} />
      </div>
      {!allowed && name && (
        <span id="why-not" className="unseen">
          {why}
        </span>
      )}
      <SyncDialog open={asking} name={name} target={target} destination={destination} onClose={() => setAsking(false)} onSync={onSync} />
    </div>
  );
}

function More({ name, onHard }) {
  const ref = useRef(null);
  useEffect(() => {
    const close = (event) => {
      if (ref.current?.open && (event.type === "keydown" ? event.key === "Escape" : !ref.current.contains(event.target))) ref.current.open = false;
    };
    document.addEventListener("click", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("click", close);
      document.removeEventListener("keydown", close);
    };
  }, []);
  return (
    <details className="menu" ref={ref}>
      <summary className="button icon-only" aria-label="More ways to refresh">
        <Icon name="down" />
      </summary>
      <div className="menu-body menu-right">
        <button
          type="button"
          disabled={!name}
          onClick={() => {
            ref.current.open = false;
            announce(`Rendering ${name} again`);
            onHard();
          }}
        >
          Hard refresh
        </button>
        <p className="muted pad">Fetches the repository and renders the manifests again, past every cache.</p>
      </div>
    </details>
  );
}

function SyncDialog({ open, name, target, destination, onClose, onSync }) {
  const dialog = useRef(null);
  const [prune, setPrune] = useState(false);
  const [dryRun, setDryRun] = useState(false);
  useEffect(() => {
    if (open && !dialog.current.open) dialog.current.showModal();
    if (!open && dialog.current.open) dialog.current.close();
  }, [open]);
  const submit = (event) => {
    event.preventDefault();
    onClose();
    announce(dryRun ? `Trying a sync of ${name}` : `Syncing ${name}`);
    onSync(prune, dryRun);
  };
  const will = dryRun
    ? `Asks ${destination} what would happen; nothing is changed.`
    : `Applies what ${target} says to ${destination}${prune ? ", and deletes what is no longer in Git" : "; what is no longer in Git stays"}.`;
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="sync-title" onClick={(event) => event.target === dialog.current && onClose()}>
      <form onSubmit={submit}>
        <h2 id="sync-title">Sync {name}</h2>
        <p className="will" role="status">
          {will}
        </p>
        <div className="choices">
          <div>
            <label className="check">
              <input type="checkbox" checked={prune} onChange={(event) => setPrune(event.target.checked)} />
              Prune
            </label>
            <p>Deletes objects that Git no longer has.</p>
          </div>
          <div>
            <label className="check">
              <input type="checkbox" checked={dryRun} onChange={(event) => setDryRun(event.target.checked)} />
              Dry run
            </label>
            <p>Only tells what would happen.</p>
          </div>
        </div>
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary">
            {dryRun ? "Try" : "Sync"}
          </button>
        </div>
      </form>
    </dialog>
  );
}
