// Releases, newest first: what each deployment brought and how it went; above them a strip with a dot for each.
import { useEffect, useState } from "react";
import { AppLink, Bone, CommitLink, Empty, Moment, Notice } from "./kit.jsx";
import { ask } from "./live.js";
import { placeOf } from "./place.js";
import { Health } from "./status.jsx";
import { duration, exact, zone } from "./time.js";
import { HEALTH } from "./tokens.js";

const PAGE = 50;

function useReleases(filters, stamp) {
  const [state, setState] = useState({ nodes: null, error: null, info: null, total: 0 });
  const key = JSON.stringify(filters);
  const read = (after, signal) =>
    ask("releases", { filters, pagination: { first: PAGE, after } }, signal).then(
      ({ gitopsReleases: found }) => setState((before) => ({ nodes: after ? [...before.nodes, ...found.nodes] : found.nodes, info: found.pageInfo, total: found.totalCount, error: null })),
      (error) => error.name === "AbortError" || setState((before) => ({ ...before, error })),
    );
  useEffect(() => {
    const controller = new AbortController();
    read(null, controller.signal);
    return () => controller.abort();
  }, [key, stamp]);
  return { ...state, more: () => read(state.info.endCursor), again: () => read(null) };
}

export function Releases({ filters, stamp = "", withApplication = false }) {
  const { nodes, error, info, total, more, again } = useReleases(filters, stamp);
  if (error && !nodes) return <Notice title="The releases could not be read" detail={error.message} next="The present state is not concerned." id={error.id} onRetry={again} />;
  if (!nodes) return <p className="pad"><Bone wide /></p>;
  if (!nodes.length) return <Empty title="No releases yet" next="A release is recorded when a sync changes what is deployed." />;
  return (
    <>
      <Dots releases={nodes} />
      <ol className="releases">
        {nodes.map((release) => (
          <Release key={release.id} release={release} withApplication={withApplication} />
        ))}
      </ol>
      {info.hasNextPage && (
        <div className="pager">
          <span className="muted">
            {nodes.length} of {total}
          </span>
          <button type="button" className="button" onClick={more}>
            Show more
          </button>
        </div>
      )}
    </>
  );
}

const outcome = (release) => (release.isRollback ? "Rollback" : (HEALTH[release.healthStatus]?.word ?? release.healthStatus));

// In the order of the records, newest first.
function Dots({ releases }) {
  return (
    <ul className="dots" aria-label="Releases, newest first">
      {releases.map((release) => (
        <li key={release.id}>
          <a
            href={`#${release.id}`}
            className={`dot legend-${release.isRollback ? "amber" : (HEALTH[release.healthStatus]?.colour ?? "grey")}`}
            aria-label={`Release ${release.historyId}: ${outcome(release)}`}
            title={`${outcome(release)} · ${exact(release.startedAt)} ${zone()}`}
          />
        </li>
      ))}
    </ul>
  );
}

function Release({ release, withApplication }) {
  const changes = release.services.length + release.childApps.length + release.pullRequests.length + release.issues.length + Math.max(release.commits.length - 1, 0);
  return (
    <li id={release.id} className="release">
      <div className="release-head">
        <Health status={release.healthStatus} />
        {withApplication && <AppLink to={placeOf(release.applicationMetadata)}>{release.applicationMetadata.name}</AppLink>}
        <CommitLink commit={release.commit} revision={release.syncOperationRevision} />
        {release.current && <span className="tag">current</span>}
        {release.isRollback && <span className="tag tag-amber">rollback</span>}
        <span className="grow" />
        <span className="muted">
          <Moment at={release.startedAt} />
          {release.finishedAt && ` · ${duration(release.startedAt, release.finishedAt)}`}
        </span>
      </div>
      {release.operationState?.phase && release.operationState.phase !== "Succeeded" && <p className="problem">{release.operationState.message}</p>}
      {changes > 0 && (
        <details>
          <summary className="muted">{summary(release)}</summary>
          <Details release={release} />
        </details>
      )}
    </li>
  );
}

const counted = (count, word) => (count ? `${count} ${word}${count === 1 ? "" : "s"}` : null);

const summary = ({ services, childApps, commits, pullRequests, committers }) =>
  [counted(services.length, "updated service"), counted(childApps.length, "updated application"), counted(commits.length, "commit"), counted(pullRequests.length, "pull request"), committers.map(({ name }) => name).join(", ")].filter(Boolean).join(" · ");

function Details({ release }) {
  return (
    <dl className="facts">
      {release.services.length > 0 && (
        <div>
          <dt>Services</dt>
          <dd className="release-list">
            {release.services.map((one) => (
              <span key={`${one.workload.kind}/${one.workload.name}`}>
                {one.workload.kind} <strong>{one.workload.name}</strong> <code>{one.fromImages.join(", ") || "none"}</code>
                {replicas(one.fromReplicas)} → <code>{one.toImages.join(", ") || "removed"}</code>
                {replicas(one.toReplicas)}
              </span>
            ))}
          </dd>
        </div>
      )}
      {release.childApps.length > 0 && (
        <div>
          <dt>Applications</dt>
          <dd className="release-list">
            {release.childApps.map((one) => (
              <span key={`${one.namespace}/${one.name}`}>
                <strong>{one.name}</strong> <code>{one.fromRevision ?? "new"}</code> → <code>{one.toRevision ?? "removed"}</code>
              </span>
            ))}
          </dd>
        </div>
      )}
      {release.commits.length > 0 && (
        <div>
          <dt>Commits</dt>
          <dd className="release-list">
            {release.commits.map((commit) => (
              <CommitLink key={commit.sha} commit={commit} age />
            ))}
          </dd>
        </div>
      )}
      {release.pullRequests.length > 0 && (
        <div>
          <dt>Pull requests</dt>
          <dd className="release-list">
            {release.pullRequests.map(({ key, title }) => (
              <span key={key}>
                #{key} {title}
              </span>
            ))}
          </dd>
        </div>
      )}
      {release.issues.length > 0 && (
        <div>
          <dt>Issues</dt>
          <dd>{release.issues.map(({ key }) => key).join(", ")}</dd>
        </div>
      )}
    </dl>
  );
}

const replicas = (count) => (count === null ? "" : ` × ${count}`);
