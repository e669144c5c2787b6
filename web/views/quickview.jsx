// Everything about the application itself, read-only, from the right. Open it by `quick` in the address.
import { useEffect, useRef } from "react";
import { Events } from "./events.jsx";
import { AppLink, Bone, CommitLink, Icon, Moment, Notice } from "./kit.jsx";
import { later } from "./later.jsx";
import { useAnswer } from "./live.js";
import { placeOf } from "./place.js";
import { Health, Sync } from "./status.jsx";
import { QueryLink } from "./url.jsx";

const Manifest = later(() => import("./yaml.jsx").then((module) => module.Manifest));
const SECTIONS = [
  ["summary", "Summary"],
  ["metadata", "Metadata"],
  ["parameters", "Parameters"],
  ["options", "Sync options"],
  ["manifest", "Manifest"],
  ["events", "Events"],
];

export function QuickView({ application, at, stamp, onClose }) {
  const { data, error, again } = useAnswer("details", application, { stamp });
  const heading = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    heading.current.focus();
    return () => before?.isConnected && before.focus();
  }, []);
  useEffect(() => {
    const onKey = (event) => event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]") && onClose();
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [onClose]);
  const section = SECTIONS.some(([key]) => key === at) ? at : "summary";
  const found = data?.application;
  return (
    <div className="drawer" role="dialog" aria-labelledby="quick-title">
      <header className="drawer-head">
        <span className="node-glyph">
          <Icon name="application" />
        </span>
        <div className="drawer-name">
          <h2 id="quick-title" ref={heading} tabIndex={-1}>
            {application.name}
          </h2>
          <p className="muted">Application · {application.namespace}</p>
        </div>
        {found && <Health status={found.healthStatus} message={found.healthMessage} />}
        {found && <Sync status={found.syncStatus} />}
        <button type="button" className="button quiet icon-only" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <nav className="tabs" aria-label="Sections of the application at a glance">
        {SECTIONS.map(([key, label]) => (
          <QueryLink key={key} className="tab" changes={{ quick: key }} current={key === section}>
            {label}
          </QueryLink>
        ))}
      </nav>
      <div className="drawer-body">
        {error && !found && <Notice title="The application could not be read" detail={error.message} next="The tree still works." id={error.id} onRetry={again} />}
        {!found && !error && <Bone wide />}
        {found &&
          (section === "manifest" ? <Manifest manifest={found.manifest} hidden label={`Manifest of ${application.name}`} /> : section === "events" ? <Events application={application} /> : <Facts rows={ROWS[section](found)} />)}
      </div>
    </div>
  );
}

function Facts({ rows }) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  if (!shown.length) return <p className="muted">Nothing is set.</p>;
  return (
    <dl className="facts">
      {shown.map(([term, value], index) => (
        <div key={`${term}/${index}`}>
          <dt>{term}</dt>
          <dd>{value === true ? "yes" : value}</dd>
        </div>
      ))}
    </dl>
  );
}

const pairs = (title, map) => Object.entries(map ?? {}).map(([key, value], index) => [index ? "" : title, <code key={key}>{`${key}: ${value}`}</code>]);

// Every leaf below a value as path and text.
export function leaves(value, path = "") {
  if (value === null || typeof value !== "object") return [[path, String(value)]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key));
}

const ROWS = {
  summary: (one) => [
    ["Project", one.project],
    ["Created", one.metadata.created && <Moment at={one.metadata.created} />],
    ["Revision", <CommitLink key="commit" commit={one.commit} revision={one.revision} age />],
    ...one.specSources.map((source) => ["Source", [source.repoURL, source.chart ?? source.path, source.targetRevision ?? "HEAD"].filter(Boolean).join(" · ")]),
    ["Destination", [one.destination.name ?? one.destination.server, one.destination.namespace].filter(Boolean).join(" / ")],
    ["Runtime", <AppLink key="runtime" to={`/applications?runtime=${encodeURIComponent(one.metadata.runtime)}`}>{one.metadata.runtime}</AppLink>],
    ["Git Source", one.gitSource && <AppLink to={placeOf({ ...one.metadata, name: one.gitSource.metadata.name })}>{one.gitSource.metadata.name}</AppLink>],
    ["Parent", one.parent && <AppLink to={placeOf(one.parent.metadata)}>{one.parent.metadata.name}</AppLink>],
    ["Manifest", one.manifestLocation && <code>{`${one.manifestLocation.path}${one.manifestLocation.line ? `:${one.manifestLocation.line}` : ""}`}</code>],
  ],
  metadata: ({ manifest: { metadata } }) => [...pairs("Labels", metadata.labels), ...pairs("Annotations", metadata.annotations)],
  parameters: ({ manifest: { spec } }) =>
    (spec.sources ?? [spec.source ?? {}]).flatMap((source, index) => ["directory", "helm", "kustomize", "plugin"].flatMap((tool) => (source[tool] ? leaves(source[tool]).map(([path, value]) => [`${spec.sources ? `${index + 1}: ` : ""}${tool} ${path}`, <code key={path}>{value}</code>]) : []))),
  options: ({ manifest: { spec }, autoSync }) => [
    ["Policy", autoSync ? "automatic" : "manual"],
    ["Prune", autoSync?.prune],
    ["Self-heal", autoSync?.selfHeal],
    ...(spec.syncPolicy?.syncOptions ?? []).map((one) => one.split("=")),
    ...leaves(spec.syncPolicy?.retry ?? {}).map(([path, value]) => [`retry ${path}`, value]),
    ["History kept", String(spec.revisionHistoryLimit ?? 10)],
  ],
};
