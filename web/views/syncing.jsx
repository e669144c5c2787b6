// Syncing with a say in it: which resources, with which options, and what is going to be deleted.
import { useMemo, useState } from "react";
import { Dialog, Words } from "./dialog.jsx";
import { Icon } from "./kit.jsx";
import { ask, useAnswer } from "./live.js";
import { optionOf, withOption } from "./options.js";
import { keyOf } from "./place.js";
import { Sync } from "./status.jsx";
import { toast } from "./toast.jsx";

const OPTIONS = [
  ["Validate", "false", "Skip schema validation"],
  ["CreateNamespace", "true", "Create the namespace"],
  ["ApplyOutOfSyncOnly", "true", "Apply what is out of sync only"],
  ["PruneLast", "true", "Prune last"],
  ["RespectIgnoreDifferences", "true", "Respect ignored differences"],
  ["ServerSideApply", "true", "Server-side apply"],
  ["Replace", "true", "Replace instead of apply"],
];
const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

export function SyncDialog({ application, target, destination, onClose }) {
  const { data, error } = useAnswer("syncing", application);
  const found = data?.application;
  const own = found?.manifest?.spec?.syncPolicy?.syncOptions ?? [];
  const resources = useMemo(() => [...(found?.managedResources ?? [])].map(({ node }) => node).filter(({ hook }) => !hook).sort((a, b) => Number(b.requiresPruning) - Number(a.requiresPruning) || a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name)), [found]);
  const [flags, setFlags] = useState({ prune: false, dryRun: false, force: false, applyOnly: false });
  const [options, setOptions] = useState(null);
  const [revision, setRevision] = useState("");
  const [left, setLeft] = useState(new Set());
  const [retry, setRetry] = useState(false);
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const set = (name) => (on) => setFlags({ ...flags, [name]: on });
  const chosen = resources.filter((node) => !left.has(node.id));
  const deleted = flags.prune ? chosen.filter(({ requiresPruning }) => requiresPruning) : [];
  const some = left.size > 0;
  const used = options ?? own;
  const { name } = application;
  const off = some && !chosen.length ? "No resource is chosen" : null;
  const submit = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const { syncApplication: payload } = await ask("sync", {
        ...application,
        options: {
          revision: revision.trim() || null,
          prune: flags.prune,
          dryRun: flags.dryRun,
          force: flags.force,
          strategy: flags.applyOnly ? "apply" : null,
          syncOptions: options,
          resources: some ? chosen.map(({ group, kind, namespace, name: own }) => ({ group, kind, namespace, name: own })) : null,
          retry: retry ? { limit: 5, duration: "5s", factor: 2, maxDuration: "3m" } : null,
          reason: why || null,
        },
      });
      const [first] = payload.errors;
      if (first) setProblem(first);
      else {
        toast({ text: flags.dryRun ? `Trying a sync of ${name}` : `Syncing ${name}`, commit: payload.ledgerCommit });
        onClose();
      }
    } catch (failure) {
      setProblem({ message: failure.message, suggestion: "It is safe to try again.", id: failure.id });
    }
    setBusy(false);
  };
  const what = some ? ` of ${count(chosen.length, "resource")}` : "";
  const will = flags.dryRun
    ? `Asks ${destination} what would happen; nothing is changed.`
    : `Applies what ${revision.trim() || target} says${what} to ${destination}${flags.prune ? ", and deletes what is no longer in Git" : "; what is no longer in Git stays"}.`;
  return (
    <Dialog title={`Sync ${name}`} wide onClose={onClose} onSubmit={submit} submit={flags.dryRun ? "Try" : deleted.length ? `Sync and delete ${deleted.length}` : "Sync"} danger={deleted.length > 0 && !flags.dryRun} busy={busy} off={off} problem={problem ?? (error ? { message: error.message, suggestion: "A sync of everything is still possible.", id: error.id } : null)}>
      <p className="will" role="status">
        {will}
      </p>
      <div className="choices">
        <Flag label="Prune" hint="Deletes objects that Git no longer has." value={flags.prune} onChange={set("prune")} />
        <Flag label="Dry run" hint="Only tells what would happen." value={flags.dryRun} onChange={set("dryRun")} />
      </div>
      {deleted.length > 0 && !flags.dryRun && (
        <p className="problem">
          <Icon name="alert" /> Deletes {deleted.slice(0, 5).map(({ kind, name: own }) => `${kind} ${own}`).join(", ")}
          {deleted.length > 5 ? ` and ${deleted.length - 5} more` : ""}.
        </p>
      )}
      <Resources resources={resources} loading={!data && !error} left={left} onLeft={setLeft} />
      <details className="advanced">
        <summary>Options of this sync</summary>
        <p className="muted">They count for this sync instead of the application's own.</p>
        <div className="choices two">
          <Flag label="Force" hint="Deletes and creates anew what cannot be changed." value={flags.force} onChange={set("force")} />
          <Flag label="Apply only" hint="Leaves out hooks." value={flags.applyOnly} onChange={set("applyOnly")} />
          {OPTIONS.map(([option, value, label]) => (
            <Flag key={option} label={label} value={optionOf(used, option) === value} onChange={(on) => setOptions(withOption(used, option, on ? value : null))} />
          ))}
          <Flag label="Retry" hint="Up to 5 times, 5 s to 3 min apart." value={retry} onChange={setRetry} />
        </div>
        <Words label="Revision" value={revision} onChange={setRevision} placeholder={target} hint="a branch, a tag or a commit instead of the application's own" />
      </details>
      <Words label="Reason (optional)" value={why} onChange={setWhy} placeholder="Stands in the audit log" />
    </Dialog>
  );
}

function Flag({ label, hint, value, onChange }) {
  return (
    <div>
      <label className="check">
        <input type="checkbox" checked={value} onChange={(event) => onChange(event.target.checked)} />
        {label}
      </label>
      {hint && <p>{hint}</p>}
    </div>
  );
}

// Part of a name, * for anything, or /a regular expression/.
export function matcher(text) {
  const wanted = text.trim();
  if (!wanted) return () => true;
  try {
    const expression = /^\/(.+)\/$/.exec(wanted);
    const pattern = expression ? new RegExp(expression[1], "i") : new RegExp(wanted.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*"), "i");
    return (node) => pattern.test(`${node.kind}/${node.name}`);
  } catch {
    return () => false;
  }
}

function Resources({ resources, loading, left, onLeft }) {
  const [text, setText] = useState("");
  const shown = resources.filter(matcher(text));
  const leave = (nodes) => onLeft(new Set(nodes.map(({ id }) => id)));
  const toggle = (id) => {
    const next = new Set(left);
    if (!next.delete(id)) next.add(id);
    onLeft(next);
  };
  return (
    <details className="advanced">
      <summary>
        Resources <span className="muted">{loading ? "reading" : left.size ? `${resources.length - left.size} of ${resources.length}` : `all ${resources.length}`}</span>
      </summary>
      <div className="filters">
        <div className="segments" role="group" aria-label="Which resources">
          <button type="button" className="button small" aria-pressed={!left.size} onClick={() => leave([])}>
            All
          </button>
          <button type="button" className="button small" onClick={() => leave(resources.filter(({ syncStatus }) => syncStatus !== "OUT_OF_SYNC"))}>
            Out of sync
          </button>
          <button type="button" className="button small" aria-pressed={left.size === resources.length && left.size > 0} onClick={() => leave(resources)}>
            None
          </button>
        </div>
        <input type="search" aria-label="Find a resource" placeholder="name, na*me or /regex/" value={text} onChange={(event) => setText(event.target.value)} />
      </div>
      <ul className="picks" aria-label="Resources to sync">
        {shown.map((node) => (
          <li key={node.id}>
            <label className="check">
              <input type="checkbox" checked={!left.has(node.id)} onChange={() => toggle(node.id)} />
              <span className="clip" title={keyOf(node)}>
                {node.kind} {node.name}
              </span>
            </label>
            {node.requiresPruning ? <span className="tag tag-amber">requires pruning</span> : node.syncStatus && <Sync status={node.syncStatus} />}
          </li>
        ))}
        {!shown.length && !loading && <li className="muted">Nothing fits.</li>}
      </ul>
    </details>
  );
}
