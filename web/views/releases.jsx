// Releases, newest first: what each deployment brought and how it went; above them a strip with a dot for each.
import { useEffect, useRef, useState } from "react";
import { GuardedButton } from "./dialog.jsx";
import { AppLink, Bone, CommitLink, Empty, Icon, Moment, Notice } from "./kit.jsx";
import { later } from "./later.jsx";
import { ask, useAnswer, useStream } from "./live.js";
import { placeOf } from "./place.js";
import { UpdatedResources } from "./releasechanges.jsx";
import { Health } from "./status.jsx";
import { day as dayOf, duration, exact, lasting, zone } from "./time.js";
import { HEALTH } from "./tokens.js";

const RollbackDialog = later(() => import("./rollback.jsx").then((module) => module.RollbackDialog), null);
const PAGE = 50;
const MOST = 100; // that one answer holds
const AT_MOST_EVERY_MS = 300;

// Counts the reports of one application. Each may bring a release, or what is found out of one later: its commit, its verdict.
function useTurns(application, enabled) {
  const [turn, setTurn] = useState(0);
  const timer = useRef(null);
  const cursorOf = (data) => data.application.cursor;
  const onEvent = () => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      setTurn((count) => count + 1);
    }, AT_MOST_EVERY_MS);
  };
  useStream("application_turns", application, { onEvent, cursorOf, enabled });
  useEffect(() => () => clearTimeout(timer.current), []);
  return turn;
}

function useReleases(filters, stamp) {
  const [state, setState] = useState({ nodes: null, error: null, info: null, total: 0 });
  const key = JSON.stringify(filters);
  const shown = state.nodes?.length ?? 0;
  const read = (after, signal) =>
    ask("releases", { filters, pagination: { first: after ? PAGE : Math.min(Math.max(shown, PAGE), MOST), after } }, signal).then(
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

// `steering`: {allowed, reason} where the releases are of one `application` that can be rolled back; they are followed then.
// `stamp`: another one, and they are read again. `bar` draws filters from what was found.
export function Releases({ filters, application = null, withApplication = false, stamp = 0, steering = null, bar = () => null, filtered = false, onClear }) {
  const turn = useTurns(application, Boolean(steering));
  const { nodes, error, info, total, more, again } = useReleases(filters, `${turn}/${stamp}`);
  const past = useAnswer("history", application, { enabled: Boolean(steering), stamp: turn });
  if (error && !nodes) return <Notice title="The releases could not be read" detail={error.message} next="The present state is not concerned." id={error.id} onRetry={again} />;
  if (!nodes) return <p className="pad"><Bone wide /></p>;
  if (!nodes.length && filtered) {
    return (
      <>
        {bar(nodes)}
        <Empty title="No release fits" next="Take a filter away.">
          <button type="button" className="button" onClick={onClear}>
            Clear all filters
          </button>
        </Empty>
      </>
    );
  }
  if (!nodes.length) return <Empty title="No releases yet" next="A release is recorded when a sync changes what is deployed." />;
  return (
    <>
      {bar(nodes)}
      <Dots releases={nodes} />
      <ol className="releases">
        {nodes.map((release) => (
          <Release key={release.id} release={release} withApplication={withApplication} back={steering && <Back application={application} release={release} steering={steering} history={past.data?.application?.history} />} />
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

// In the order of the records, newest first, a group for each day of the viewer.
function Dots({ releases }) {
  const days = [];
  for (const release of releases) {
    const day = new Date(release.startedAt).toDateString();
    if (days.at(-1)?.day !== day) days.push({ day, at: release.startedAt, releases: [] });
    days.at(-1).releases.push(release);
  }
  return (
    <ol className="dots" aria-label="Releases by day, newest first" tabIndex={0}>
      {days.map(({ day, at, releases: some }) => (
        <li key={day} className="dot-day">
          <span className="dot-row">
            {some.map((release) => (
              <a
                key={release.id}
                href={`#${release.id}`}
                className={`dot legend-${release.isRollback ? "amber" : (HEALTH[release.healthStatus]?.colour ?? "grey")}`}
                aria-label={`Release ${release.historyId}: ${outcome(release)}`}
                title={`${outcome(release)} · ${exact(release.startedAt)} ${zone()}`}
              />
            ))}
          </span>
          <span className="muted">{dayOf(at)}</span>
        </li>
      ))}
    </ol>
  );
}

function Release({ release, withApplication, back = null }) {
  const changes = release.services.length + release.childApps.length + release.builds.length + release.pullRequests.length + release.issues.length + Math.max(release.commits.length - 1, 0);
  return (
    <li id={release.id} className="release">
      <div className="release-head">
        <Health status={release.healthStatus} />
        {withApplication && <AppLink to={placeOf(release.applicationMetadata)}>{release.applicationMetadata.name}</AppLink>}
        <CommitLink commit={release.commit} revision={release.syncOperationRevision} />
        {release.current && <span className="tag">Current version</span>}
        {release.isRollback && <span className="tag tag-amber">rollback</span>}
        <span className="grow" />
        <span className="muted">
          <Moment at={release.startedAt} />
          {release.finishedAt && ` · ${duration(release.startedAt, release.finishedAt)}`}
        </span>
        {back}
      </div>
      {release.operationState?.phase && release.operationState.phase !== "Succeeded" && <p className="problem">{release.operationState.message}</p>}
      {(changes > 0 || release.argoHistoryId !== null) && (
        <details>
          <summary className="muted">{summary(release) || "Details"}</summary>
          <Details release={release} />
        </details>
      )}
    </li>
  );
}

// "Roll back to this": off for the current one, and for what the history does not hold any more.
function Back({ application, release, steering, history }) {
  const [asking, setAsking] = useState(false);
  if (release.current) return null;
  const entry = history?.find(({ id, revision, revisions }) => id === release.argoHistoryId && (revisions ?? [revision]).join() === release.syncOperationRevision); // one that was made again counts anew
  const off = !steering.allowed ? steering.reason || "You may not do this" : !history ? "The history is being read" : entry ? null : "It is not in the application's history any more";
  return (
    <>
      <GuardedButton className="button small" off={off} onClick={() => setAsking(true)}>
        <Icon name="back" />
        Roll back to this
      </GuardedButton>
      {asking && entry && (
        <RollbackDialog application={application} release={release} entry={entry} onClose={() => setAsking(false)} />
      )}
    </>
  );
}

const counted = (count, word) => (count ? `${count} ${word}${count === 1 ? "" : "s"}` : null);

const summary = ({ services, childApps, builds, commits, pullRequests, committers }) =>
  [counted(services.length, "updated service"), counted(childApps.length, "updated application"), counted(builds.length, "build"), counted(commits.length, "commit"), counted(pullRequests.length, "pull request"), committers.map(({ name }) => name).join(", ")].filter(Boolean).join(" · ");

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
      {release.argoHistoryId !== null && (
        <div>
          <dt>Resources</dt>
          <dd>
            <UpdatedResources release={release} />
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
      {release.builds.length > 0 && (
        <div>
          <dt>CI builds</dt>
          <dd className="release-list">
            {release.builds.map((build) => (
              <Build key={build.image} build={build} />
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

const SHORT_ID = 7;

// How an image came to be, as CI said; its page opens beside this one.
function Build({ build }) {
  const { image, url, ci, name, branch, commit, pullRequests, issues, builder, durationSeconds, reportedAt } = build;
  const words = [ci, name].filter(Boolean).join(" · ") || "Build";
  const from = [branch, commit?.slice(0, SHORT_ID)].filter(Boolean).join("@");
  const more = [from, ...pullRequests.map((key) => `#${key}`), ...issues, builder && `by ${builder}`, durationSeconds !== null && lasting(durationSeconds)];
  return (
    <span>
      {url ? (
        <a href={url} target="_blank" rel="noreferrer">
          {words}
        </a>
      ) : (
        words
      )}{" "}
      <code>{image}</code> <span className="muted">{more.filter(Boolean).join(" · ")} · reported <Moment at={reportedAt} /></span>
    </span>
  );
}

const replicas = (count) => (count === null ? "" : ` × ${count}`);
