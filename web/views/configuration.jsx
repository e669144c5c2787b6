// The application's own manifest, edited where it is: in the file of its Git Source.
import { useEffect, useState } from "react";
import { Conflict } from "./conflict.jsx";
import { AppLink, Bone, CommitLink, Empty, Icon, Notice } from "./kit.jsx";
import { ask, useAnswer, useStream } from "./live.js";
import { documentOf, whole } from "./manifest.js";
import { placeOf } from "./place.js";
import { toast } from "./toast.jsx";
import { CommitBar, Halves, useValidation } from "./writing.jsx";

export function Configuration({ application }) {
  const answer = useAnswer("configuration", application);
  const found = answer.data?.application;
  if (answer.error && !found) return <Notice title="The manifest could not be read" detail={answer.error.message} next="Tree, events and logs still work." id={answer.error.id} onRetry={answer.again} />;
  if (!answer.data) return <p className="pad" aria-busy="true"><Bone wide /> <Bone /></p>;
  if (!found?.manifestFile) {
    return <Empty title="It cannot be edited here" next="No Git Source holds its manifest: it was made with another tool, or by an ApplicationSet. Move the manifest into the repository of a Git Source, and it can." />;
  }
  return <Editing key={found.manifestFile.blob} application={application} found={found} onAgain={answer.again} />;
}

function Editing({ application, found, onAgain }) {
  const { manifestFile: file, manifestReview: review, gitSource, permissions } = found;
  const [base, setBase] = useState(file);
  const part = documentOf(base.text, base.document);
  const [text, setText] = useState(part.text);
  const [message, setMessage] = useState(`Edit ${application.name}`);
  const [description, setDescription] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const [committed, setCommitted] = useState(null);
  const changed = text.trimEnd() !== part.text.trimEnd();
  const { problems, asked, error } = useValidation({ text, runtime: application.runtime, gitSource: gitSource?.metadata.name, isNew: false, enabled: changed });
  const shown = changed ? problems : [];
  const wrong = shown.filter(({ tone }) => tone === "red");
  const mayNot = permissions.edit.allowed ? null : permissions.edit.reason || "You may not change it";
  const mustReview = review?.mayPush === false ? review.needsReviewBy || `you may not push to ${base.branch} yourself` : null;
  const blocked = mayNot ?? (wrong.length ? "Correct what is wrong first" : !message.trim() ? "Say what the commit does" : !asked && !error ? "It is being checked" : null);
  useEffect(() => {
    if (!changed) return undefined;
    const warn = (event) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [changed]);
  const begin = (next) => {
    setBase(next);
    setText(documentOf(next.text, next.document).text);
    setProblem(null);
  };
  const commit = async (pullRequest) => {
    setBusy(true);
    setProblem(null);
    try {
      const input = { application, manifest: text, baseBlob: base.blob, asWritten: true, commit: { message, description: description || null }, pullRequest };
      const { editApplication: payload } = await ask("edit_application", { input });
      const [first] = payload.errors;
      if (first) setProblem(first);
      else {
        toast({ text: pullRequest ? `Pull request for ${application.name}` : `Committed to ${base.branch}`, commit: payload.commit, link: payload.pullRequestUrl ? { href: payload.pullRequestUrl, text: "Open the pull request" } : null });
        setCommitted({ commit: payload.commit, pullRequestUrl: payload.pullRequestUrl });
        const { application: now } = await ask("configuration", application);
        begin(pullRequest ? base : now.manifestFile);
        setDescription("");
      }
    } catch (failure) {
      setProblem({ message: failure.message, suggestion: "Your text is still here; try again.", id: failure.id });
    }
    setBusy(false);
  };
  const resolve = async (mine) => {
    const { application: now } = await ask("configuration", application);
    setBase(now.manifestFile);
    if (!mine) setText(documentOf(now.manifestFile.text, now.manifestFile.document).text);
    setProblem(null);
  };
  return (
    <div className="writing">
      <p className="version-head">
        <Icon name="config" />
        <code>{base.path}</code>
        <span className="muted">in {base.repoURL.split("/").at(-1).replace(/\.git$/, "")}, branch {base.branch}</span>
        {gitSource && (
          <span className="muted">
            Git Source <AppLink to={placeOf({ runtime: application.runtime, namespace: application.namespace, name: gitSource.metadata.name })}>{gitSource.metadata.name}</AppLink>
          </span>
        )}
        <span className="grow" />
        {changed ? (
          <span className="status status-amber">
            <Icon name="edit" />
            Not committed
          </span>
        ) : (
          <span className="muted">as it is in Git</span>
        )}
      </p>
      {mayNot && <Notice tone="grey" title="You may look, not change" detail={mayNot} />}
      {committed && !changed && <Pending application={application} committed={committed} branch={base.branch} onLanded={onAgain} />}
      {problem?.conflict ? <Conflict conflict={problem.conflict} message={problem.message} onTheirs={() => resolve(false)} onMine={() => resolve(true)} /> : problem && <Notice title="Not committed" detail={problem.message} next={problem.suggestion} id={problem.id} />}
      {error && <Notice tone="amber" title="It could not be checked" detail={error.message} next="The commit checks it again." id={error.id} />}
      <Halves text={text} onChange={setText} problems={shown} frozen={["metadata.name"]} label={`Manifest of ${application.name}`} readOnly={Boolean(mayNot)} />
      {changed && <CommitBar place={{ repository: base.repoURL, branch: base.branch, path: base.path }} before={base.text} after={whole(part, text)} message={message} onMessage={setMessage} description={description} onDescription={setDescription} blocked={blocked} busy={busy} pullRequest={Boolean(mustReview)} mustReview={mustReview} onCommit={commit} onDiscard={() => begin(base)} />}
    </div>
  );
}

// The commit is there; the cluster follows with the Git Source's next sync.
function Pending({ application, committed: { commit, pullRequestUrl }, branch }) {
  const [landed, setLanded] = useState(false);
  useStream("landed", application, {
    enabled: !pullRequestUrl && !landed,
    cursorOf: (data) => data.application.cursor,
    onEvent: ({ application: event }) => {
      if (event.applications.some(({ manifestLocation }) => manifestLocation?.revision === commit.sha)) setLanded(true);
    },
  });
  if (pullRequestUrl) {
    return (
      <p className="pending" role="status">
        <Icon name="info" />
        <span>A pull request carries the change; it counts when it is merged.</span>
        {/^https?:\/\//.test(pullRequestUrl) && (
          <a href={pullRequestUrl} target="_blank" rel="noreferrer">
            Open it
          </a>
        )}
      </p>
    );
  }
  return (
    <p className={`pending${landed ? " landed" : ""}`} role="status">
      <Icon name={landed ? "done" : "info"} />
      <span>
        Committed <CommitLink commit={commit} /> to {branch} · {landed ? "the application follows it" : "waiting for sync"}
      </span>
    </p>
  );
}
