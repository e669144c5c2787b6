// Form and text of one manifest side by side, what is wrong with it, what will be committed, and the commit.
import { useEffect, useRef, useState } from "react";
import { GuardedButton, Words } from "./dialog.jsx";
import { ManifestForm } from "./form.jsx";
import { Icon } from "./kit.jsx";
import { later } from "./later.jsx";
import { ask } from "./live.js";
import { syntaxProblems } from "./manifest.js";

const Editor = later(() => import("./editor.jsx").then((module) => module.default));
const TextDiff = later(() => import("./yaml.jsx").then((module) => module.TextDiff));
const TYPING_MS = 500;

// What the runtime thinks of the text, asked when the typing rests: {problems, asked}. The text's own errors come first.
// A Git host that is away stops nobody here: the commit asks it again.
export function useValidation({ text, runtime, gitSource, isNew, enabled = true }) {
  const [state, setState] = useState({ of: null, problems: [], error: null });
  const broken = syntaxProblems(text);
  const key = JSON.stringify([text, runtime, gitSource, isNew]);
  useEffect(() => {
    if (!enabled || !runtime || broken.length) return undefined;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      ask("validate_application", { input: { runtime, gitSource: gitSource || null, manifest: text, isNew } }, controller.signal).then(
        ({ validateApplication: { errors, warnings } }) => setState({ of: key, problems: [...errors.map((one) => ({ ...one, tone: one.code === "GIT_UNAVAILABLE" ? "amber" : "red" })), ...warnings.map((one) => ({ ...one, tone: "amber" }))], error: null }),
        (error) => error.name === "AbortError" || setState({ of: key, problems: [], error }),
      );
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [key, enabled]);
  if (broken.length) return { problems: broken.map((one) => ({ ...one, field: null, tone: "red" })), asked: true, error: null };
  return { problems: state.problems, asked: state.of === key, error: state.error };
}

export function Halves({ text, onChange, problems, frozen, clusters, repositories, label, readOnly, children }) {
  return (
    <div className="halves">
      <div className="half">
        {children}
        <fieldset disabled={readOnly} className="form-all">
          <legend className="unseen">Form</legend>
          <ManifestForm text={text} onChange={onChange} problems={problems} frozen={frozen} clusters={clusters} repositories={repositories} />
        </fieldset>
      </div>
      <div className="half">
        <Editor value={text} onChange={onChange} problems={problems} label={label} readOnly={readOnly} />
        <Problems problems={problems} />
      </div>
    </div>
  );
}

function Problems({ problems }) {
  if (!problems.length) return null;
  return (
    <ul className="problems" aria-label="What is wrong with it">
      {problems.map(({ line, field, message, suggestion, tone }, index) => (
        <li key={index}>
          <span className={`status status-${tone}`}>
            <Icon name="alert" />
          </span>
          <span>
            {line ? <span className="muted">line {line} · </span> : null}
            {field && <code>{field}</code>} {message} {suggestion && <span className="muted">{suggestion}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

// `place`: {repository, branch, path}. `blocked`: why nothing can be committed now.
export function CommitBar({ place, before, after, message, onMessage, description, onDescription, blocked, busy, pullRequest, mustReview, onCommit, onDiscard }) {
  const [shown, setShown] = useState(false);
  const region = useRef(null);
  const name = place.repository.split("/").at(-1).replace(/\.git$/, "");
  return (
    <section className="commit-bar" aria-label="Commit">
      <p className="version-head">
        <strong>{before === "" ? "New file" : "Change"}</strong>
        <code>{place.path}</code>
        <span className="muted">
          in {name}, branch {place.branch}
        </span>
        <span className="grow" />
        <button type="button" className="button small" aria-expanded={shown} onClick={() => setShown(!shown)}>
          {shown ? "Hide the difference" : "Show the difference"}
        </button>
      </p>
      {mustReview && <p className="muted">{mustReview}</p>}
      {shown && (
        <div ref={region} className="commit-diff">
          <TextDiff before={before} after={after} label={`What the commit changes in ${place.path}`} caption="in Git → after the commit" />
        </div>
      )}
      <div className="form-row">
        <Words label="Commit message" value={message} onChange={onMessage} />
        <Words label="Description (optional)" value={description} onChange={onDescription} />
      </div>
      <div className="actions">
        {onDiscard && (
          <button type="button" className="button" onClick={onDiscard}>
            Discard
          </button>
        )}
        <GuardedButton off={blocked ?? (busy ? "It is being committed" : null)} className={`button${pullRequest ? " primary" : ""}`} onClick={() => onCommit(true)}>
          Open pull request
        </GuardedButton>
        <GuardedButton off={blocked ?? mustReview ?? (busy ? "It is being committed" : null)} className={`button${pullRequest ? "" : " primary"}`} onClick={() => onCommit(false)}>
          {busy ? "Committing…" : "Commit"}
        </GuardedButton>
      </div>
    </section>
  );
}
