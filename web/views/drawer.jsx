// Everything about one resource, from the right. Which one and which section is in the URL.
import { useEffect, useRef, useState } from "react";
import { useParams } from "react-router";
import { Actions } from "./actions.jsx";
import { DeepLink, Unshown } from "./deeplinks.jsx";
import { Events } from "./events.jsx";
import { AppLink, CopyId, Empty, Icon, Moment, Notice } from "./kit.jsx";
import { later } from "./later.jsx";
import { useAnswer } from "./live.js";
import { familyOf } from "./layout.js";
import { placeOf, versionOf } from "./place.js";
import { Health, Sync } from "./status.jsx";
import { QueryLink } from "./url.jsx";

const Code = later(() => import("./yaml.jsx").then((module) => module.Manifest));
const Difference = later(() => import("./yaml.jsx").then((module) => module.Difference));
const Logs = later(() => import("./logs.jsx").then((module) => module.Logs));

export const refOf = ({ group, version, kind, namespace, name }) => ({ group, version, kind, namespace, name });

export function sectionsOf(node, pods) {
  return [
    ["summary", "Summary"],
    ["manifest", "Manifest"],
    ...(node.managed ? [["diff", "Diff"]] : []),
    ["events", "Events"],
    ...(pods.length ? [["logs", "Logs"]] : []),
    ["actions", "Actions"],
  ];
}

// `stamp` changes when Git wants something else of the application.
export function Drawer({ application, node, stamp, pods, section, onClose, mayOperate, reason }) {
  const heading = useRef(null);
  const before = useRef(null);
  useEffect(() => {
    before.current ??= document.activeElement;
    heading.current?.focus();
    return () => before.current?.isConnected && before.current.focus();
  }, [node.id]);
  useEffect(() => {
    const onKey = (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
      if (/^(INPUT|SELECT)$/.test(event.target.tagName) && event.target.value) return;
      onClose();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [onClose]);
  // Read again whenever the object or the verdict on it changed, which the tree's stream tells, and with Git.
  const answer = useAnswer("resource", { ...application, ref: refOf(node) }, { stamp: [stamp, versionOf(node), node.healthStatus].join("|") });
  const sections = sectionsOf(node, pods);
  const at = sections.some(([key]) => key === section) ? section : "summary";
  return (
    <div className="drawer" role="dialog" aria-labelledby="drawer-title">
      <header className="drawer-head">
        <span className="node-glyph">
          <Icon name={familyOf(node.kind)} />
        </span>
        <div className="drawer-name">
          <h2 id="drawer-title" ref={heading} tabIndex={-1}>
            {node.name}
          </h2>
          <p className="muted">{[node.kind, node.namespace].filter(Boolean).join(" · ")}</p>
        </div>
        {node.healthStatus && <Health status={node.healthStatus} message={node.healthMessage} />}
        {node.syncStatus && <Sync status={node.syncStatus} />}
        <button type="button" className="button quiet icon-only" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <nav className="tabs" aria-label="Sections of the resource">
        {sections.map(([key, label]) => (
          <QueryLink key={key} changes={{ section: key === "summary" ? null : key }} className="tab" current={key === at}>
            {label}
            {key === "diff" && answer.data?.application?.resource?.diff?.modified && <span className="count">{answer.data.application.resource.diff.changes.length}</span>}
          </QueryLink>
        ))}
      </nav>
      <div className="drawer-body">
        <Section at={at} application={application} node={node} pods={pods} answer={answer} mayOperate={mayOperate} reason={reason} onClose={onClose} />
      </div>
    </div>
  );
}

function Section({ at, application, node, pods, answer, mayOperate, reason, onClose }) {
  if (at === "events") return <Events application={application} resource={refOf(node)} />;
  if (at === "logs") return <Logs application={application} pods={pods} />;
  if (at === "actions") return <Actions application={application} node={node} mayOperate={mayOperate} reason={reason} onDone={onClose} />;
  if (answer.error && !answer.data) {
    return <Notice title="The resource could not be read" detail={answer.error.message} next="Tree, events and logs still work." id={answer.error.id} onRetry={answer.again} />;
  }
  if (!answer.data) return <Summary node={node} location={null} />;
  const resource = answer.data.application?.resource;
  if (!resource) return <Empty title="It is gone" next="The object does not exist any more. Close this and look at the tree." />;
  if (at === "manifest") return <Manifest resource={resource} name={node.name} />;
  if (at === "diff") return <Diff resource={resource} name={node.name} />;
  return <Summary node={node} location={resource.manifestLocation} live={resource.liveManifest} deep={resource.deepLinks} />;
}

const NO_LINKS = { links: [], problems: [] };
const PAGES = new Set(["Application", "ApplicationSet"]); // what has a page of its own

function Summary({ node, location, live, deep = NO_LINKS }) {
  const links = [...node.links, ...deep.links];
  const { runtime } = useParams();
  const facts = [
    [node.kind, PAGES.has(node.kind) && node.group === "argoproj.io" && <AppLink key="place" to={placeOf({ ...node, runtime })}>{node.name}</AppLink>],
    ["Kind", [node.group, node.version, node.kind].filter(Boolean).join(" / ")],
    ["Namespace", node.namespace ?? "of the cluster"],
    ["Created", node.created && <Moment at={node.created} />],
    ["Managed", node.managed ? "by Git" : "by the cluster, not from Git"],
    ["Sync wave", node.syncWave ? String(node.syncWave) : null],
    ["In Git", location && <FileLink location={location} />],
    ["Images", node.images.length > 0 && node.images.map((image) => <code key={image}>{image}</code>)],
    ...node.info.map(({ key, value }) => [key, value]),
    ["Links", (links.length > 0 || deep.problems.length > 0) && [...links.map((link) => <DeepLink key={`${link.title} ${link.url}`} link={link} />), <Unshown key="unshown" problems={deep.problems} />]],
    ["Labels", live?.metadata?.labels && Object.entries(live.metadata.labels).map(([key, value]) => <code key={key}>{`${key}=${value}`}</code>)],
    ["Id", <CopyId key="uid" value={node.uid || node.id} />],
  ];
  return (
    <>
      {node.healthMessage && <Notice tone={node.healthStatus === "DEGRADED" ? "red" : "grey"} title={node.healthMessage} />}
      {node.requiresPruning && <Notice tone="amber" title="No longer in Git" detail="A sync with prune removes it." />}
      <dl className="facts">
        {facts
          .filter(([, value]) => value)
          .map(([term, value]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </>
  );
}

export function FileLink({ location }) {
  const text = location.line ? `${location.path}:${location.line}` : location.path;
  if (!/^https?:\/\//.test(location.fileUrl ?? "")) return <code>{text}</code>;
  return (
    <a href={location.fileUrl} target="_blank" rel="noreferrer">
      <code>{text}</code>
    </a>
  );
}

function Manifest({ resource, name }) {
  const [side, setSide] = useState(resource.liveManifest ? "live" : "desired");
  const [hidden, setHidden] = useState(true);
  const manifest = side === "live" ? resource.liveManifest : resource.desiredManifest;
  return (
    <>
      <div className="tools">
        <div className="segments" role="group" aria-label="Which state">
          <button type="button" className="button small" aria-pressed={side === "desired"} onClick={() => setSide("desired")}>
            Desired
          </button>
          <button type="button" className="button small" aria-pressed={side === "live"} onClick={() => setSide("live")}>
            Live
          </button>
        </div>
        <label className="check">
          <input type="checkbox" checked={hidden} onChange={(event) => setHidden(event.target.checked)} />
          Hide managed fields
        </label>
      </div>
      {manifest ? (
        <Code manifest={manifest} hidden={hidden} label={`${side === "live" ? "Live" : "Desired"} manifest of ${name}`} />
      ) : (
        <Empty title={side === "live" ? "Not in the cluster" : "Not in Git"} next={side === "live" ? "A sync creates it." : "It was made by the cluster, or by hand."} />
      )}
    </>
  );
}

function Diff({ resource, name }) {
  if (!resource.diff) return <Empty title="No difference known" next="The difference of this object could not be computed; refresh the application." />;
  if (!resource.diff.modified) return <Empty title="Nothing differs" next="The live object is what Git says." />;
  return <Difference diff={resource.diff} label={`Difference of ${name}`} />;
}
