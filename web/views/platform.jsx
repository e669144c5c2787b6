// The list of Git Sources: repositories of manifests that runtimes follow.
import { useState } from "react";
import { Committed, DeleteGitSource, GitSourceDialog, SourceDeeds } from "./gitsources.jsx";
import { AppLink, CommitLink, Icon } from "./kit.jsx";
import { Listing } from "./listing.jsx";
import { useStream } from "./live.js";
import { placeOf } from "./place.js";
import { Health, Sync } from "./status.jsx";

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
    <Listing
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
    </Listing>
  );
}
