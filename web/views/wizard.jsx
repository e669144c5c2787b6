// A new application: one page, form left and text right, ending in the commit of one file to a Git Source.
import { useEffect, useMemo, useState } from "react";
import { Choice, Section, Text } from "./form.jsx";
import { AppLink, Bone, CommitLink, Empty, Icon, Notice } from "./kit.jsx";
import { ask, useAnswer, useStream } from "./live.js";
import { fresh, read, valueAt, withValue } from "./manifest.js";
import { placeOf } from "./place.js";
import { Health, Sync } from "./status.jsx";
import { toast } from "./toast.jsx";
import { CommitBar, Halves, useValidation } from "./writing.jsx";

export function Wizard() {
  const { data, error, again } = useAnswer("creating", {});
  return (
    <>
      <div className="page-head">
        <nav className="crumbs" aria-label="Where this is">
          <AppLink to="/applications">Applications</AppLink>
          <span aria-hidden="true">/</span>
        </nav>
        <h1>New application</h1>
      </div>
      {error && <Notice title="The Git Sources could not be read" detail={error.message} next="An application is a manifest: it can be pushed to a Git Source's repository at any time." id={error.id} onRetry={again} />}
      {!data && !error && <p aria-busy="true"><Bone wide /> <Bone /></p>}
      {data && <Choose data={data} />}
    </>
  );
}

function Choose({ data }) {
  const sources = data.gitSources.nodes;
  const writable = sources.filter(({ permissions }) => permissions.write);
  if (!sources.length) return <Empty title="No Git Source yet" next="An application is created by committing its manifest to a Git Source. Add one first." command="argosy git-source create NAME --runtime RUNTIME --repo URL" />;
  if (!writable.length) return <Empty title="You may not commit to any Git Source" next={sources[0].permissions.reason || "Ask for write permission on the repository of one of them."} />;
  return <Form data={data} writable={writable} />;
}

const inside = (source, file) => [source.path, file].filter((part) => part && part !== ".").join("/");

function Form({ data, writable }) {
  const asked = useMemo(() => new URLSearchParams(location.search), []);
  const first = writable.find(({ metadata }) => metadata.name === asked.get("source")) ?? writable.find(({ metadata }) => data.runtimes.nodes.find((one) => one.metadata.name === metadata.runtime)?.available) ?? writable[0];
  const [sourceId, setSourceId] = useState(first.id);
  const source = writable.find(({ id }) => id === sourceId);
  const { runtime, namespace } = source.metadata;
  const start = useMemo(() => fresh({ namespace }), []);
  const [text, setText] = useState(start);
  const [named, setNamed] = useState(null);
  const [message, setMessage] = useState(null);
  const [description, setDescription] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const [made, setMade] = useState(null);
  const document = useMemo(() => read(text), [text]);
  const name = String(valueAt(document, ["metadata", "name"]) ?? "");
  const file = named ?? (name ? `${name}.yaml` : "");
  const touched = text !== start;
  const { problems, asked: checked, error } = useValidation({ text, runtime, gitSource: source.metadata.name, isNew: true, enabled: Boolean(name) });
  const shown = touched ? problems : [];
  const wrong = problems.some(({ tone }) => tone === "red");
  const available = data.runtimes.nodes.find((one) => one.metadata.name === runtime)?.available;
  const blocked = !name ? "Name the application first" : !available ? `Runtime ${runtime} is not connected` : wrong ? "Correct what is wrong first" : !checked && !error ? "It is being checked" : null;
  const words = message ?? (name ? `Add ${name}` : "");
  const runtimes = [...new Set(writable.map(({ metadata }) => metadata.runtime))];
  const repositories = [...new Set(data.gitSources.nodes.map(({ repoURL }) => repoURL))];
  useEffect(() => {
    if (!touched || made) return undefined;
    const warn = (event) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [touched, made]);
  const choose = (id) => {
    const next = writable.find((one) => one.id === id);
    setSourceId(id);
    if (next.metadata.namespace !== namespace) setText(withValue(text, ["metadata", "namespace"], next.metadata.namespace));
  };
  const commit = async (pullRequest) => {
    setBusy(true);
    setProblem(null);
    try {
      const input = { runtime, gitSource: source.metadata.name, fileName: file, manifest: text, commit: { message: words, description: description || null }, pullRequest };
      const { createApplication: payload } = await ask("create_application", { input });
      const [failed] = payload.errors;
      if (failed) setProblem(failed);
      else {
        toast({ text: pullRequest ? `Pull request for ${name}` : `Committed ${name}`, commit: payload.commit, link: payload.pullRequestUrl ? { href: payload.pullRequestUrl, text: "Open the pull request" } : null });
        setMade({ commit: payload.commit, pullRequestUrl: payload.pullRequestUrl, name, runtime, namespace });
      }
    } catch (failure) {
      setProblem({ message: failure.message, suggestion: "Your text is still here; try again.", id: failure.id });
    }
    setBusy(false);
  };
  if (made) return <Made {...made} source={source} onAnother={() => (setMade(null), setText(start), setNamed(null), setMessage(null))} />;
  return (
    <div className="writing">
      <Halves text={text} onChange={setText} problems={shown} clusters={data.clusters.nodes.filter(({ metadata }) => metadata.runtime === runtime)} repositories={repositories} label={`Manifest of ${name || "the new application"}`}>
        <Section title="Definition">
          <Text label="Name" value={name} problem={shown.find(({ field }) => field === "metadata.name")?.message} onChange={(value) => setText(withValue(text, ["metadata", "name"], value || " ").replace(/name: " "/, 'name: ""'))} />
          <Choice label="Runtime" value={runtime} options={runtimes.map((one) => [one, one])} onChange={(next) => choose(writable.find(({ metadata }) => metadata.runtime === next).id)} />
          <Choice
            label="Git Source"
            value={sourceId}
            options={data.gitSources.nodes.filter(({ metadata }) => metadata.runtime === runtime).map((one) => [one.id, one.permissions.write ? one.metadata.name : `${one.metadata.name} (read only)`, !one.permissions.write])}
            onChange={choose}
          />
          <Text label="File" value={file} hint={`in ${source.repoURL.split("/").at(-1).replace(/\.git$/, "")}, directory ${source.path || "/"}`} problem={problem?.field === "fileName" ? problem.message : null} onChange={setNamed} />
        </Section>
      </Halves>
      {problem && <Notice title="Not committed" detail={problem.message} next={problem.suggestion} id={problem.id} />}
      {error && <Notice tone="amber" title="It could not be checked" detail={error.message} next="The commit checks it again." id={error.id} />}
      <CommitBar place={{ repository: source.repoURL, branch: source.revision || "HEAD", path: inside(source, file) || "…" }} before="" after={text} message={words} onMessage={setMessage} description={description} onDescription={setDescription} blocked={blocked ?? (words.trim() ? null : "Say what the commit does")} busy={busy} onCommit={commit} />
    </div>
  );
}

// From the commit to the application: what has happened, and what is waited for.
function Made({ commit, pullRequestUrl, name, runtime, namespace, source, onAnother }) {
  const [found, setFound] = useState(null);
  useStream("arrived", { filters: { applications: [name], runtimes: [runtime] } }, {
    enabled: !pullRequestUrl,
    cursorOf: (data) => data.applications.cursor,
    onEvent: ({ applications: event }) => setFound((before) => event.applications.find((one) => one.metadata.name === name && one.metadata.namespace === namespace) ?? before),
  });
  return (
    <section className="made" aria-label="What became of it">
      <ol>
        <li className="landed">
          <Icon name="done" />
          <span>
            Committed {commit && <CommitLink commit={commit} />} to {source.metadata.name}
            {commit?.branch ? `/${commit.branch}` : ""}
          </span>
        </li>
        {pullRequestUrl ? (
          <li>
            <Icon name="info" />
            <span>
              Waits for its pull request to be merged{" "}
              {/^https?:\/\//.test(pullRequestUrl) && (
                <a href={pullRequestUrl} target="_blank" rel="noreferrer">
                  Open it
                </a>
              )}
            </span>
          </li>
        ) : (
          <li className={found ? "landed" : undefined} role="status">
            <Icon name={found ? "done" : "info"} />
            {found ? (
              <span>
                <AppLink to={placeOf(found.metadata)}>{name}</AppLink> is there: <Health status={found.healthStatus} /> <Sync status={found.syncStatus} />
              </span>
            ) : (
              <span>Waiting for the Git Source to sync it</span>
            )}
          </li>
        )}
      </ol>
      <div className="actions">
        {found && (
          <AppLink to={placeOf(found.metadata)} className="button primary">
            Open {name}
          </AppLink>
        )}
        <button type="button" className="button" onClick={onAnother}>
          Create another
        </button>
      </div>
    </section>
  );
}
