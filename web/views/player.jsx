// One Rollout, live: where it is and why, what comes next, what can be done.
import { useEffect, useMemo, useRef, useState } from "react";
import { Analyses } from "./analysis.jsx";
import { Forecast } from "./forecast.jsx";
import { Bone, Empty, Icon, Moment, Notice, Stale } from "./kit.jsx";
import { useAnswer, useStream } from "./live.js";
import { countdown, inZone, isCurrent, isUpdating, newOf, percent, stableOf, stepState, stepWords, weightWords } from "./rollout.js";
import { Phase } from "./status.jsx";
import { Steering, refOf } from "./steering.jsx";
import { QueryLink, useQuery } from "./url.jsx";

export const keyOf = ({ namespace, name }) => `${namespace}/${name}`;

// The tab of an application: its Rollouts are those of its tree.
export function RolloutTab({ application, nodes, mayOperate, reason }) {
  const search = useQuery();
  const found = useMemo(() => (nodes ?? []).filter(({ group, kind }) => group === "argoproj.io" && kind === "Rollout"), [nodes]);
  if (!nodes) return <Bones />;
  if (!found.length) return <Empty title="No Rollout in this application" next="Commit a Rollout of argoproj.io/v1alpha1 instead of a Deployment, and its updates are shown and steered here." />;
  const chosen = found.find((node) => keyOf(node) === search.get("rollout")) ?? found[0];
  return (
    <>
      {found.length > 1 && (
        <nav className="segments rollout-choice" aria-label="Rollouts of the application">
          {found.map((node) => (
            <QueryLink key={node.id} className="button" changes={{ rollout: keyOf(node) }} current={node === chosen}>
              {node.name}
            </QueryLink>
          ))}
        </nav>
      )}
      <Player key={keyOf(chosen)} application={application} name={chosen.name} namespace={chosen.namespace} mayOperate={mayOperate} reason={reason} />
    </>
  );
}

function useRollout(application, namespace, name) {
  const [state, setState] = useState({ rollout: null, readAt: null });
  const failure = useStream("rollout_live", { application, rollout: refOf({ metadata: { namespace, name } }) }, { onEvent: ({ rollout }) => setState({ rollout, readAt: Date.now() }) });
  return { ...state, failure };
}

export function Player({ application, namespace, name, mayOperate, reason }) {
  const { rollout, readAt, failure } = useRollout(application, namespace, name);
  const spec = rollout ? `${rollout.steps.map(({ title }) => title).join()}/${rollout.desiredReplicas}/${rollout.strategy}` : "";
  const forecast = useAnswer("rollout_forecast", { runtime: application.runtime, applicationNamespace: application.namespace, applicationName: application.name, namespace, name }, { enabled: Boolean(rollout), stamp: spec });
  if (!rollout) return failure ? <Notice title="The Rollout could not be read" detail={failure.message} next="It is asked for again by itself; the tree still works." id={failure.id} /> : <Bones />;
  const simulation = forecast.data?.rollout?.simulation ?? null;
  return (
    <article className="player" aria-label={`Rollout ${name}`}>
      {failure && <Stale since={new Date(readAt).toISOString()} reason={failure.message} />}
      <Headline rollout={rollout} readAt={readAt} />
      <Steering application={application} rollout={rollout} mayOperate={mayOperate} reason={reason} forecast={simulation} />
      {rollout.steps.length > 0 && <Track rollout={rollout} readAt={readAt} />}
      <Versions rollout={rollout} />
      <Analyses runs={rollout.analysisRuns} />
      <Forecast rollout={rollout} simulation={simulation} answer={forecast} />
    </article>
  );
}

function Headline({ rollout, readAt }) {
  const { name, namespace, cluster } = rollout.metadata;
  return (
    <header className="player-head">
      <h2>{name}</h2>
      <Phase phase={rollout.phase} message={rollout.message} />
      <span className="explanation">{inZone(rollout.explanation) || "Every pod is of the stable version."}</span>
      <p className="facts-line head-line">
        <span className="fact">{rollout.strategy === "blueGreen" ? "blue-green" : "canary"}</span>
        {stepWords(rollout) && <span className="fact">{stepWords(rollout)}</span>}
        <span className="fact" title={rollout.trafficRouted ? "Told by the traffic router" : "Without a router every pod gets its share: this is counted, not routed"}>
          {weightWords(rollout)}
        </span>
        <span className="fact">
          {rollout.readyReplicas > rollout.desiredReplicas ? `${rollout.readyReplicas} pods ready, ${rollout.desiredReplicas} wanted` : `${rollout.readyReplicas} of ${rollout.desiredReplicas} pods ready`}
        </span>
        <span className="fact">{[cluster, namespace].filter(Boolean).join(" / ")}</span>
        {rollout.promoteFull && <span className="fact">being promoted fully</span>}
      </p>
      {rollout.nextTransition && <Next transition={rollout.nextTransition} readAt={readAt} />}
    </header>
  );
}

const Next = ({ transition, readAt }) => (
  <p className="next">
    <Icon name="info" />
    <span>
      in <Clock transition={transition} readAt={readAt} />: {transition.what}
    </span>
  </p>
);

// Runs by itself in the browser: the server is not asked for each second.
function Clock({ transition, readAt }) {
  const end = readAt + transition.inSeconds * 1000;
  const [now, setNow] = useState(Date.now);
  const left = (end - now) / 1000;
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [end]);
  return (
    <time className="number" role="timer" aria-live="off">
      {countdown(left)}
    </time>
  );
}

// Cards in a row; the current one is large and kept in sight.
function Track({ rollout, readAt }) {
  const current = useRef(null);
  const at = isUpdating(rollout) ? rollout.currentStepIndex : null;
  useEffect(() => {
    const { current: card } = current;
    card?.parentElement.scrollTo({ left: card.offsetLeft - card.parentElement.clientWidth / 2 + card.clientWidth / 2 });
  }, [at]);
  return (
    <ol className="track" aria-label="Steps" tabIndex={0}>
      {rollout.steps.map((step) => {
        const here = isCurrent(rollout, step);
        const state = stepState(step);
        return (
          <li key={step.index} ref={here ? current : undefined} className={`step step-${state}${here ? " current" : ""}`} aria-current={here ? "step" : undefined}>
            <span className="step-number muted">{step.index + 1}</span>
            <strong>{step.title}</strong>
            <Phase phase={state} />
            {here && rollout.nextTransition && (
              <span className="step-clock">
                <Clock transition={rollout.nextTransition} readAt={readAt} />
              </span>
            )}
            {step.analysisRuns.length > 0 && <span className="muted">{step.analysisRuns.length === 1 ? "1 analysis" : `${step.analysisRuns.length} analyses`}</span>}
          </li>
        );
      })}
    </ol>
  );
}

function Versions({ rollout }) {
  const [stable, fresh] = [stableOf(rollout), newOf(rollout)];
  const shown = [stable, isUpdating(rollout) ? fresh : null].filter(Boolean);
  const others = rollout.revisions.filter((one) => !shown.includes(one));
  return (
    <section aria-label="Revisions">
      <div className="versions">
        {shown.map((one) => (
          <Version key={one.podTemplateHash} revision={one} rollout={rollout} share={one === fresh ? rollout.weightOfNew : isUpdating(rollout) ? 100 - rollout.weightOfNew : 100} />
        ))}
      </div>
      {others.length > 0 && (
        <details className="older">
          <summary className="muted">{others.length === 1 ? "1 other revision" : `${others.length} other revisions`}</summary>
          <table className="rows">
            <caption className="unseen">Other revisions</caption>
            <thead>
              <tr>
                <th scope="col">Revision</th>
                <th scope="col">Images</th>
                <th scope="col">Pods</th>
                <th scope="col">Made</th>
              </tr>
            </thead>
            <tbody>
              {others.map((one) => (
                <tr key={one.podTemplateHash}>
                  <th scope="row">{one.revision}</th>
                  <td>
                    <code>{one.images.join(", ")}</code>
                  </td>
                  <td>{one.replicas}</td>
                  <td>
                    <Moment at={one.created} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </section>
  );
}

function Version({ revision, rollout, share }) {
  const role = revision.role.join(", ") || "old";
  const kind = rollout.trafficRouted || rollout.strategy === "blueGreen" ? "of the traffic" : "of the pods";
  return (
    <div className={`version version-${revision === stableOf(rollout) ? "stable" : "new"}`}>
      <p className="version-head">
        <span className="tag">{role}</span>
        <strong>Revision {revision.revision}</strong>
        <span className="grow" />
        <span className="number">
          {percent(share)} <span className="muted">{kind}</span>
        </span>
      </p>
      <span className="weight" aria-hidden="true">
        <i style={{ width: `${share}%` }} />
      </span>
      <p>
        {revision.images.map((image) => (
          <code key={image} className="image">
            {image}
          </code>
        ))}
      </p>
      <p className="pods-line">
        <Pods ready={revision.readyReplicas} total={revision.replicas} />
        <span>
          {revision.readyReplicas} of {revision.replicas} pods ready
        </span>
        {revision.scaleDownAt && (
          <span className="muted">
            scaled down <Moment at={revision.scaleDownAt} />
          </span>
        )}
      </p>
    </div>
  );
}

const MOST_PODS = 30;

const Pods = ({ ready, total }) => (
  <span className="pod-dots" aria-hidden="true">
    {Array.from({ length: Math.min(total, MOST_PODS) }, (_, index) => (
      <i key={index} className={index < ready ? "legend-green" : "legend-grey"} />
    ))}
  </span>
);

const Bones = () => (
  <div className="player" aria-busy="true">
    <p>
      <Bone wide /> <Bone />
    </p>
    <div className="track">
      {[0, 1, 2, 3].map((index) => (
        <span key={index} className="step bone-step" />
      ))}
    </div>
    <span className="unseen">Reading the Rollout</span>
  </div>
);
