// One ApplicationSet: how it is, what it generates, and what it would do now. It is looked at here, and changed in Git.
import { useState } from "react";
import { useParams } from "react-router";
import { AppLink, Bone, Empty, Icon, Moment, Notice, Stale } from "./kit.jsx";
import { later } from "./later.jsx";
import { useAnswer, useStream } from "./live.js";
import { placeOf } from "./place.js";
import { Health, Sync } from "./status.jsx";
import { Table } from "./table.jsx";
import { QueryLink, useQuery } from "./url.jsx";

const Manifest = later(() => import("./yaml.jsx").then((module) => module.Manifest));
const Difference = later(() => import("./yaml.jsx").then((module) => module.Difference));
const CHILDREN_AT_ONCE = 100;
const TABS = [
  ["applications", "Applications"],
  ["preview", "Preview"],
  ["manifest", "Manifest"],
];

export function SetPage() {
  const { runtime, namespace, name } = useParams();
  const search = useQuery();
  const [turn, setTurn] = useState(0);
  const again = () => setTurn((count) => count + 1);
  const address = { runtime, namespace, name };
  const { data, error, again: retry } = useAnswer("application_set", { ...address, pagination: { first: CHILDREN_AT_ONCE } }, { stamp: turn });
  const found = data?.application;
  const names = found?.children.nodes.map((one) => one.metadata.name) ?? [];
  useStream("application_turns", { ...address, kind: "APPLICATION_SET" }, { onEvent: again, cursorOf: (event) => event.application.cursor, enabled: Boolean(found) });
  useStream("application_changes", { filters: { runtimes: [runtime], applications: names } }, { onEvent: ({ applications: event }) => event.type === "SNAPSHOT" || again(), cursorOf: (event) => event.applications.cursor, enabled: names.length > 0 });
  if (error && !data) return <Notice title="The ApplicationSet could not be read" detail={error.message} next="What it generated goes on as it is." id={error.id} onRetry={retry} />;
  if (data && !found) {
    return (
      <Empty title={`There is no ApplicationSet ${name}`} next="It does not exist, or you may not read the repository that holds its manifest.">
        <AppLink className="button" to="/applications">
          All applications
        </AppLink>
      </Empty>
    );
  }
  const tab = TABS.some(([key]) => key === search.get("tab")) ? search.get("tab") : "applications";
  const away = data && !data.runtime?.available;
  return (
    <div className={away ? "faded" : undefined}>
      <Head address={address} found={found} />
      {away && <Stale since={data.runtime?.lastUpdated} reason={`runtime ${runtime} is not reachable`} />}
      <nav className="tabs" aria-label="Sections of the ApplicationSet">
        {TABS.map(([key, label]) => (
          <QueryLink key={key} className="tab" current={tab === key} changes={{ tab: key === "applications" ? null : key }}>
            {label}
            {key === "applications" && found && <span className="muted">{found.children.totalCount}</span>}
          </QueryLink>
        ))}
      </nav>
      {!found && <Bone wide />}
      {found && tab === "applications" && <Generated found={found} />}
      {found && tab === "preview" && <Preview address={address} found={found} />}
      {found && tab === "manifest" && (
        <Manifest manifest={found.manifest} hidden label={`Manifest of ${name}`} />
      )}
    </div>
  );
}

function Head({ address, found }) {
  const { runtime, name } = address;
  const location = found?.manifestLocation;
  const file = location && `${location.path}${location.line ? `:${location.line}` : ""}`;
  return (
    <header className="application-head application">
      <div className="page-head">
        <nav className="crumbs" aria-label="Where this is">
          <AppLink to="/applications">Applications</AppLink>
          <span aria-hidden="true">/</span>
          <AppLink to={`/applications?since=any&runtime=${encodeURIComponent(runtime)}`}>{runtime}</AppLink>
          <span aria-hidden="true">/</span>
          {found?.parent && (
            <>
              <AppLink to={placeOf(found.parent.metadata)}>{found.parent.metadata.name}</AppLink>
              <span aria-hidden="true">/</span>
            </>
          )}
        </nav>
        <h1>{name}</h1>
        <span className="tag">ApplicationSet</span>
      </div>
      {!found && <Bone wide />}
      {found && (
        <>
          <p className="head-line">
            <Health status={found.healthStatus} message={found.healthMessage} />
            {found.explanation && <span className="explanation">{found.explanation}</span>}
          </p>
          <p className="head-line facts-line">
            <Sync status={found.syncStatus} />
            <span>{SYNC_WORDS[found.syncStatus]}</span>
            <span className="fact">project {found.project || "of each application's own"}</span>
            {found.metadata.created && (
              <span className="fact">
                created <Moment at={found.metadata.created} />
              </span>
            )}
            {file && <span className="fact">{/^https?:/.test(location.fileUrl ?? "") ? <a href={location.fileUrl} target="_blank" rel="noreferrer">{file}</a> : <code>{file}</code>}</span>}
          </p>
          {found.errors
            .filter(({ message }) => message !== found.explanation)
            .map((one) => (
              <Notice key={one.title + one.message} tone={one.level === "ERROR" ? "red" : "amber"} title={one.title} detail={one.message} next={one.suggestion} />
            ))}
        </>
      )}
    </header>
  );
}

const SYNC_WORDS = {
  SYNCED: "its applications are what it generates",
  OUT_OF_SYNC: "its applications differ from what it generates",
  SYNCING: "its applications are updated step by step",
  UNKNOWN: "what it generates cannot be told",
};

function Generated({ found }) {
  const { nodes, totalCount } = found.children;
  if (!nodes.length) return <Empty title="It generates no application" next="Look at the preview: it says what its generators give." />;
  return (
    <>
      <Table caption="Generated applications" heads={["Application", "Health", "Sync", "Why", "Destination", "Last deployed"]} className="set-children">
        {nodes.map((row) => (
          <tr key={row.id}>
            <th scope="row">
              <AppLink to={placeOf(row.metadata)}>{row.metadata.name}</AppLink>
            </th>
            <td>
              <Health status={row.healthStatus} message={row.healthMessage} />
            </td>
            <td>
              <Sync status={row.syncStatus} />
            </td>
            <td title={row.explanation ?? undefined}>{row.explanation}</td>
            <td>{[row.metadata.cluster ?? row.destination.name ?? row.destination.server, row.destination.namespace].filter(Boolean).join(" / ")}</td>
            <td>
              <Moment at={row.lastSync?.finishedAt} />
            </td>
          </tr>
        ))}
      </Table>
      {totalCount > nodes.length && <p className="muted pad">{totalCount - nodes.length} more; search for them by name on the page of applications.</p>}
    </>
  );
}

const ACTIONS = { CREATE: ["would be created", "green", "plus"], UPDATE: ["would be changed", "amber", "edit"], DELETE: ["would be deleted", "red", "trash"] };

// What it would do with what its generators say now. It reads Git with the runtime's credentials, so it is for those who may commit one.
function Preview({ address, found }) {
  const source = found.gitSource?.metadata;
  const input = { runtime: address.runtime, gitSource: source?.name, name: address.name };
  const { data, error, loading, again } = useAnswer("application_set_preview", { input }, { enabled: Boolean(source) });
  const preview = data?.applicationSetPreview;
  if (!source) return <Empty title="No Git Source holds it" next="A preview is for ApplicationSets that a Git Source holds: who may commit there may ask." />;
  if (error && !preview) return <Notice title="There is no preview" detail={error.message} next={error.code === "FORBIDDEN_ERROR" ? "It reads Git with the runtime's credentials, so it is for those who may commit the set." : undefined} id={error.id} onRetry={again} />;
  if (!preview) return <Bone wide />;
  return (
    <div className="setting">
      <div className="page-head">
        <span>
          {preview.applications.length} {preview.applications.length === 1 ? "application" : "applications"} generated, {preview.changesCount ? `${preview.changesCount} to change` : "nothing to change"}
        </span>
        <button type="button" className="button small" data-key="r" disabled={loading} onClick={again}>
          <Icon name="refresh" />
          Generate again
        </button>
      </div>
      {!preview.complete && <Notice tone="amber" title="Not everything could be generated" detail="So nothing is changed or deleted until it can be." />}
      <Words title="What went wrong" tone="red" words={preview.errors} />
      <Words title="Left undone" tone="amber" words={preview.withheld} />
      <Words title="Worth knowing" tone="grey" words={preview.warnings} />
      {preview.changes.map((change) => (
        <Change key={change.name} change={change} />
      ))}
      {preview.changesCount > preview.changes.length && <p className="muted">{preview.changesCount - preview.changes.length} more changes are not shown.</p>}
    </div>
  );
}

const Words = ({ title, tone, words }) => words.length > 0 && <Notice tone={tone} title={title} detail={words.join("; ")} />;

function Change({ change }) {
  const [word, colour, icon] = ACTIONS[change.action];
  const [open, setOpen] = useState(false);
  return (
    <details className="set-change" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>{change.name}</strong>{" "}
        <span className={`status status-${colour}`}>
          <Icon name={icon} />
          {word}
        </span>{" "}
        <span className="muted">{change.reason}</span>
      </summary>
      {open && (
        <Difference diff={{ changes: [], normalizedLive: change.live, predictedLive: change.manifest }} label={`Change of ${change.name}`} caption="as it is → as it is generated" />
      )}
    </details>
  );
}
