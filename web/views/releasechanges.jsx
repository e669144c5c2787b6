// Every resource that a release created, changed or removed, rendered from Git once somebody opens the list.
import { useState } from "react";
import { Bone, Icon, Notice } from "./kit.jsx";
import { later } from "./later.jsx";
import { familyOf } from "./layout.js";
import { useAnswer } from "./live.js";

const Difference = later(() => import("./yaml.jsx").then((module) => module.Difference));
const WORDS = { ADDED: "created", CHANGED: "changed", REMOVED: "removed" };

export function UpdatedResources({ release }) {
  const [asked, setAsked] = useState(false);
  return (
    <details onToggle={(event) => event.currentTarget.open && setAsked(true)}>
      <summary>Updated resources</summary>
      {asked && <Resources id={release.id} />}
    </details>
  );
}

function Resources({ id }) {
  const { data, error, again } = useAnswer("release_changes", { id });
  if (error && !data) return <Notice tone="grey" title="What it changed cannot be shown" detail={error.message} next={error.suggestion} id={error.id} onRetry={again} />;
  if (!data) return <p><Bone wide /></p>;
  const { against, resources } = data.node?.changedResources ?? { against: null, resources: [] };
  return (
    <div className="release-resources">
      <p className="muted">
        {against === null ? "No earlier release of this Application object is known, so all that it deployed is listed." : `Against release ${against}.`} Both sides are rendered from Git, with the tools and settings of now.
      </p>
      {!resources.length && <p>No resource differs.</p>}
      {resources.map((one) => (
        <Changed key={`${one.resource.group}/${one.resource.kind}/${one.resource.namespace}/${one.resource.name}`} one={one} />
      ))}
    </div>
  );
}

function Changed({ one: { resource, change, before, after, cut } }) {
  const head = (
    <>
      <Icon name={familyOf(resource.kind)} />
      <span>
        {resource.kind} {resource.name} <span className="muted">{[WORDS[change], cut && "too much to be shown here as well"].filter(Boolean).join("; ")}</span>
      </span>
    </>
  );
  if (cut) return <p className="row">{head}</p>;
  return (
    <details>
      <summary>{head}</summary>
      <Difference diff={{ changes: [], normalizedLive: before, predictedLive: after }} label={`What changed of ${resource.kind} ${resource.name}`} caption="before → after" />
    </details>
  );
}
