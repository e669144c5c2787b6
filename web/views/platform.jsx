// Lists of the platform: destination clusters and Git Sources.
import { AppLink, Bone, CommitLink, Empty, Icon, Moment, Notice } from "./kit.jsx";
import { useState } from "react";
import { Committed, DeleteGitSource, GitSourceDialog, SourceDeeds } from "./gitsources.jsx";
import { useAnswer, useStream } from "./live.js";
import { placeOf } from "./place.js";
import { Health, Sync } from "./status.jsx";

function List({ title, name, of, heads, empty, row, stamp, deed, children }) {
  const { data, error, again } = useAnswer(name, {}, { stamp });
  const found = data?.[of];
  return (
    <>
      <div className="page-head">
        <h1>{title}</h1>
        {found && <span className="muted">{found.totalCount}</span>}
        <div className="grow" />
        {deed}
      </div>
      {children}
      {error && <Notice title={`${title} could not be read`} detail={error.message} next="Applications still work." id={error.id} onRetry={again} />}
      {!found && !error && <Bone wide />}
      {found?.nodes.length === 0 && <Empty {...empty} />}
      {found?.nodes.length > 0 && (
        <table className={`rows flat stacks listing ${name}`}>
          <caption className="unseen">{title}</caption>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head || <span className="unseen">Actions</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{found.nodes.map(row)}</tbody>
        </table>
      )}
    </>
  );
}

const CONNECTIONS = { Successful: ["Connected", "green", "signal"], Failed: ["Failed", "red", "alert"] };

export function Clusters() {
  return (
    <List
      title="Clusters"
      name="clusters"
      of="clusters"
      heads={["Cluster", "Connection", "Runtime", "Version", "Applications", "Objects", "Read"]}
      empty={{ title: "No clusters", next: "Label a Secret of the runtime's namespace argocd.argoproj.io/secret-type: cluster." }}
      row={({ id, server, metadata, info }) => {
        const [word, colour, icon] = CONNECTIONS[info.connectionState.status] ?? ["Unknown", "grey", "info"];
        return (
          <tr key={id}>
            <th scope="row" title={server}>
              <AppLink to={`/applications?since=any&cluster=${encodeURIComponent(metadata.name)}`}>{metadata.name}</AppLink>
            </th>
            <td title={info.connectionState.message ?? undefined}>
              <span className={`status status-${colour}`}>
                <Icon name={icon} />
                {word}
              </span>
            </td>
            <td>{metadata.runtime}</td>
            <td>{info.serverVersion}</td>
            <td className="number" data-label="applications">
              {info.applicationsCount}
            </td>
            <td className="number" data-label="objects">
              {info.cacheInfo.resourcesCount}
            </td>
            <td data-label="read">
              <Moment at={info.cacheInfo.lastCacheSyncTime} />
            </td>
          </tr>
        );
      }}
    />
  );
}

export function GitSources() {
  const [asked, setAsked] = useState(null); // {deed: "add" | "edit" | "delete", source}
  const [told, setTold] = useState(null);
  const [stamp, setStamp] = useState(0);
  useStream("activity_changes", {}, { onEvent: () => setStamp((count) => count + 1) });
  const close = () => setAsked(null);
  const committed = (word) => {
    setTold(word);
    close();
  };
  return (
    <List
      stamp={stamp}
      deed={
        <button type="button" className="button primary" onClick={() => setAsked({ deed: "add", source: null })}>
          <Icon name="plus" />
          Git Source
        </button>
      }
      title="Git Sources"
      name="git_sources"
      of="gitSources"
      heads={["Git Source", "Health", "Sync", "Runtime", "Repository", "Last commit", "Objects", "You may", ""]}
      empty={{ title: "No Git Sources", next: "A Git Source is an Application with the label codefresh.io/entity: git-source; it syncs manifests into the runtime's namespace." }}
      row={(source) => {
        const { id, metadata, healthStatus, syncStatus, repoURL, path, lastCommit, resourcesCount, permissions } = source;
        return (
          <tr key={id}>
            <th scope="row">
              <AppLink to={placeOf(metadata)}>{metadata.name}</AppLink>
            </th>
            <td>
              <Health status={healthStatus} />
            </td>
            <td>
              <Sync status={syncStatus} />
            </td>
            <td>{metadata.runtime}</td>
            <td title={repoURL}>
              {repoURL.split("/").at(-1)}
              {path ? `: ${path}` : ""}
            </td>
            <td>
              <CommitLink commit={lastCommit} />
            </td>
            <td className="number" data-label="objects">
              {resourcesCount}
            </td>
            <td data-label="you may" title={permissions.reason ?? undefined}>{permissions.write ? "read and write" : "read"}</td>
            <td>
              <SourceDeeds source={source} onEdit={() => setAsked({ deed: "edit", source })} onDelete={() => setAsked({ deed: "delete", source })} />
            </td>
          </tr>
        );
      }}
    >
      <Committed told={told} onClose={() => setTold(null)} />
      <GitSourceDialog open={asked?.deed === "add" || asked?.deed === "edit"} source={asked?.source ?? null} onClose={close} onCommitted={committed} />
      <DeleteGitSource source={asked?.deed === "delete" ? asked.source : null} onClose={close} onCommitted={committed} />
    </List>
  );
}
