// Adding, changing and deleting a Git Source. Each is a commit to the runtime's shared configuration repository.
import { useState } from "react";
import { Dialog, GuardedButton, Words } from "./dialog.jsx";
import { announce, Bone, CommitLink, Icon, Notice } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { useDeed } from "./mutation.jsx";

const EMPTY = { runtime: "", name: "", repoURL: "", revision: "", path: "", include: "", exclude: "", createRepository: false };
const filled = (input) => Object.fromEntries(Object.entries(input).map(([key, value]) => [key, value === "" ? null : value]));

export function Committed({ told, onClose }) {
  if (!told) return null;
  const { payload, words } = told;
  return (
    <div className="notice notice-grey committed" role="status">
      <Icon name="done" />
      <div>
        <strong>{words}</strong>
        {payload.commit && (
          <p>
            Committed <CommitLink commit={payload.commit} />
          </p>
        )}
        {payload.pullRequestUrl && /^https?:/.test(payload.pullRequestUrl) && (
          <p>
            <a href={payload.pullRequestUrl} target="_blank" rel="noreferrer">
              Pull request
            </a>{" "}
            that has to be merged first
          </p>
        )}
        <p className="muted">{payload.notice ?? "It shows here once the runtime has read the commit."}</p>
        <button type="button" className="button small" onClick={onClose}>
          Dismiss
        </button>
      </div>
    </div>
  );
}

// `source`: the one to change; null for a new one.
export function GitSourceDialog({ open, source, onClose, onCommitted }) {
  if (!open) return null;
  return source ? <Changing source={source} onClose={onClose} onCommitted={onCommitted} /> : <Editing source={null} known={{}} onClose={onClose} onCommitted={onCommitted} />;
}

// What the form shows is what is there: an empty field would take it away.
function Changing({ source, ...rest }) {
  const { runtime, namespace, name } = source.metadata;
  const { data, error, again } = useAnswer("git_source_manifest", { runtime, namespace, name });
  const spec = data?.application?.manifest?.spec?.source;
  if (!spec) {
    return (
      <Dialog title={`Change Git Source ${name}`} onClose={rest.onClose}>
        {error || data ? <Notice title="Its manifest could not be read" detail={error?.message} onRetry={again} /> : <Bone wide />}
      </Dialog>
    );
  }
  const known = {
    runtime,
    name,
    repoURL: spec.repoURL ?? "",
    revision: spec.targetRevision ?? "",
    path: spec.path ?? "",
    include: spec.directory?.include ?? "",
    exclude: spec.directory?.exclude ?? "",
  };
  return <Editing source={source} known={known} {...rest} />;
}

function Editing({ source, known, onClose, onCommitted }) {
  const isNew = source === null;
  const { data } = useAnswer("runtime_names", {}, { enabled: isNew });
  const [input, setInput] = useState({ ...EMPTY, ...known });
  const [problem, busy, run] = useDeed();
  const runtimes = data?.runtimes.nodes.map((one) => one.metadata.name) ?? [];
  const runtime = input.runtime || runtimes[0] || "";
  const set = (key) => (value) => setInput((before) => ({ ...before, [key]: value }));
  const missing = !runtime ? "there is no runtime" : !input.name ? "give it a name" : !input.repoURL ? "say which repository" : null;
  const commit = async () => {
    const [document, field] = isNew ? ["create_git_source", "createGitSource"] : ["edit_git_source", "editGitSource"];
    const payload = await run(document, { input: filled({ ...input, runtime }) }, field);
    if (!payload) return;
    announce(`Git Source ${input.name} is committed`);
    onCommitted({ payload, words: isNew ? `Git Source ${input.name} is added` : `Git Source ${input.name} is changed` });
  };
  return (
    <Dialog title={isNew ? "Add a Git Source" : `Change Git Source ${source.metadata.name}`} onClose={onClose} onSubmit={commit} submit="Commit" busy={busy} off={missing} problem={problem}>
      <p className="will">
        {isNew ? "Commits its Application" : "Commits the change of its Application"} to the shared configuration repository of {runtime || "the runtime"}, in your name. The runtime then syncs the manifests of the repository into its namespace.
      </p>
      <div className="form-grid">
        {isNew && (
          <div className="words">
            <label htmlFor="git-source-runtime">Runtime</label>
            <select id="git-source-runtime" value={runtime} onChange={(event) => set("runtime")(event.target.value)}>
              {runtimes.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </div>
        )}
        {isNew && <Words label="Name" value={input.name} onChange={set("name")} required placeholder="team-shop" />}
        <Words label="Repository" value={input.repoURL} onChange={set("repoURL")} required placeholder="https://git.example.com/shop.git" />
        <Words label="Branch, tag or commit" value={input.revision} onChange={set("revision")} placeholder="the default branch" />
        <Words label="Path" value={input.path} onChange={set("path")} placeholder="the whole repository" />
        <Words label="Include" value={input.include} onChange={set("include")} placeholder="*.yaml" hint="Globs of files; empty: all." />
        <Words label="Exclude" value={input.exclude} onChange={set("exclude")} />
        {isNew && (
          <label className="check">
            <input type="checkbox" checked={input.createRepository} onChange={(event) => set("createRepository")(event.target.checked)} />
            Make the repository if it is not there
          </label>
        )}
      </div>
    </Dialog>
  );
}

export function DeleteGitSource({ source, onClose, onCommitted }) {
  const [typed, setTyped] = useState("");
  const [problem, busy, run] = useDeed();
  if (!source) return null;
  const { name, runtime } = source.metadata;
  const remove = async () => {
    const payload = await run("delete_git_source", { runtime, name }, "deleteGitSource");
    if (!payload) return;
    announce(`The end of Git Source ${name} is committed`);
    setTyped("");
    onCommitted({ payload, words: `Git Source ${name} is deleted` });
  };
  return (
    <Dialog title={`Delete Git Source ${name}`} onClose={onClose} onSubmit={remove} submit="Commit & delete" danger busy={busy} off={typed === name ? null : "type its name"} problem={problem}>
      <p className="will">Commits its end to the shared configuration repository of {runtime}. What its applications deployed goes on running, and is not looked after any more.</p>
      <Words label={`Type ${name} to confirm`} value={typed} onChange={setTyped} />
    </Dialog>
  );
}

export function SourceDeeds({ source, onEdit, onDelete }) {
  const off = source.permissions.write ? null : source.permissions.reason || "you may not write to its repository";
  return (
    <span className="deeds-bar">
      <GuardedButton className="button small" off={off} aria-label={`Change ${source.metadata.name}`} onClick={onEdit}>
        Change
      </GuardedButton>
      <GuardedButton className="button small danger" off={off} aria-label={`Delete ${source.metadata.name}`} onClick={onDelete}>
        Delete
      </GuardedButton>
    </span>
  );
}

