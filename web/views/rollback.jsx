// Back to an earlier release: what that changes in the cluster, and what is committed for it.
import { useState } from "react";
import { Dialog } from "./dialog.jsx";
import { Bone, CommitLink, Icon } from "./kit.jsx";
import { later } from "./later.jsx";
import { ask, useAnswer } from "./live.js";
import { familyOf } from "./layout.js";
import { toast } from "./toast.jsx";

const Difference = later(() => import("./yaml.jsx").then((module) => module.Difference));
const WORDS = { ADD: "comes back", CHANGE: "changes", PRUNE: "is no longer in Git then", NONE: "cannot be told" };

export function RollbackDialog({ application, release, entry, onClose }) {
  const { data, error } = useAnswer("rollback_form", { ...application, revisions: entry.revisions ?? [entry.revision] });
  const [prune, setPrune] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const found = data?.application;
  const automated = Boolean(found?.autoSync);
  const changes = found?.diff?.changes ?? [];
  const send = async (pullRequest) => {
    setBusy(true);
    setProblem(null);
    try {
      const { rollbackApplication: payload } = await ask("rollback", { ...application, historyId: entry.id, prune, pullRequest });
      const [first] = payload.errors;
      if (first) setProblem(first);
      else {
        toast({ text: pullRequest ? `Rollback of ${application.name} is offered as a pull request` : `Rolling back ${application.name}`, commit: payload.ledgerCommit });
        onClose();
      }
    } catch (failure) {
      setProblem({ message: failure.message, suggestion: "It is safe to try again.", id: failure.id });
    }
    setBusy(false);
  };
  return (
    <Dialog title={`Roll ${application.name} back`} wide onClose={onClose} onSubmit={() => send(false)} submit="Roll back" busy={busy} problem={problem ?? (error ? { message: error.message, suggestion: "It can be rolled back without a preview.", id: error.id } : null)}>
      <p className="will">
        To release {release.historyId}, <CommitLink commit={release.commit} revision={release.syncOperationRevision} />.{" "}
        {!data ? "" : automated ? "One commit in your name gives every file that it read then the content of that release; auto-sync carries it to the cluster." : "Syncs that revision; Git stays as it is, so the application is out of sync until Git says the same."}
      </p>
      {!automated && data && (
        <label className="check">
          <input type="checkbox" checked={prune} onChange={(event) => setPrune(event.target.checked)} />
          Prune what that release did not have
        </label>
      )}
      <section aria-label="What it changes" className="preview">
        {!data && !error && <Bone wide />}
        {data && !found?.diff && <p className="muted">What it changes cannot be told: the revision could not be rendered.</p>}
        {found?.diff && !changes.length && <p className="muted">Nothing in the cluster differs from that release.</p>}
        {changes.map((one) => (
          <details key={`${one.resource.kind}/${one.resource.namespace}/${one.resource.name}`}>
            <summary>
              <Icon name={familyOf(one.resource.kind)} />
              <span>
                {one.resource.kind} {one.resource.name} <span className="muted">{one.note ?? WORDS[one.change]}</span>
              </span>
            </summary>
            {one.diff && (
              <Difference diff={one.diff} label={`Difference of ${one.resource.kind} ${one.resource.name}`} />
            )}
          </details>
        ))}
        {found?.diff?.warnings.map((text) => (
          <p key={text} className="problem">
            {text}
          </p>
        ))}
      </section>
      {automated && (
        <button type="button" className="button small" disabled={busy} onClick={() => send(true)}>
          Open a pull request with the revert instead
        </button>
      )}
    </Dialog>
  );
}
