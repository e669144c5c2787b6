// The form of an Application. It is another view of the same text: each field reads and changes one place in it.
import { useId, useMemo, useState } from "react";
import { Icon } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { read, valueAt, withValue } from "./manifest.js";
import { linesOf, namesOf, optionOf, withNames, withOption, withPairs } from "./options.js";

const SYNC_OPTIONS = [
  ["CreateNamespace", "true", "Create the namespace"],
  ["Validate", "false", "Skip schema validation"],
  ["ApplyOutOfSyncOnly", "true", "Apply what is out of sync only"],
  ["PruneLast", "true", "Prune last"],
  ["RespectIgnoreDifferences", "true", "Respect ignored differences"],
  ["ServerSideApply", "true", "Server-side apply"],
  ["Replace", "true", "Replace instead of apply"],
];
const FINALIZER = "resources-finalizer.argocd.argoproj.io";
const DELETIONS = [
  ["", "leaves its resources"],
  [FINALIZER, "foreground: waits for its resources"],
  [`${FINALIZER}/background`, "background"],
];
const GROUPS = ["metadata", "annotations", "codefresh.io/app-group"];
const PRODUCT = ["metadata", "annotations", "codefresh.io/product"];
const PROPAGATIONS = ["", "foreground", "background", "orphan"];

export function ManifestForm({ text, onChange, problems, frozen = [], clusters = [], repositories = [] }) {
  const document = useMemo(() => read(text), [text]);
  const broken = document.errors.length > 0;
  const at = (path) => valueAt(document, path);
  const set = (path, value) => onChange(withValue(text, path, value));
  const bind = (dotted) => {
    const path = dotted.split(".");
    return { value: at(path), onChange: (value) => set(path, value), off: broken || frozen.includes(dotted), problem: problems.find(({ field }) => field === dotted)?.message };
  };
  const several = Boolean(at(["spec", "sources"]));
  return (
    <div className={`form${broken ? " faded" : ""}`}>
      {broken && <p className="muted">The text has an error; the form goes on when it is corrected.</p>}
      <Section title="General">
        <Memberships at={at} set={set} broken={broken} />
      </Section>
      <Section title="Source" wrong={anyIn(problems, "spec.source")}>{several ? <p className="muted">It has several sources; edit them in the text.</p> : <Source bind={bind} at={at} set={set} repositories={repositories} broken={broken} />}</Section>
      <Section title="Destination" wrong={anyIn(problems, "spec.destination")}>
        <Destination bind={bind} at={at} onChange={onChange} text={text} clusters={clusters} broken={broken} />
      </Section>
      <Section title="Sync" wrong={anyIn(problems, "spec.syncPolicy")}>
        <SyncPolicy bind={bind} at={at} set={set} broken={broken} />
      </Section>
      <details className="advanced" open={anyIn(problems, "spec.project") || undefined}>
        <summary>Advanced</summary>
        <Section title="Project and deletion" wrong={anyIn(problems, "spec.project")}>
          <Text label="Project" {...bind("spec.project")} />
          <Choice label="Deleting the application" value={(at(["metadata", "finalizers"]) ?? []).find((one) => one.startsWith(FINALIZER)) ?? ""} options={DELETIONS} off={broken} onChange={(value) => set(["metadata", "finalizers"], [...(at(["metadata", "finalizers"]) ?? []).filter((one) => !one.startsWith(FINALIZER)), ...(value ? [value] : [])])} />
        </Section>
        {!several && <Tool bind={bind} at={at} set={set} broken={broken} />}
      </details>
    </div>
  );
}

const anyIn = (problems, prefix) => problems.some(({ field, tone }) => tone !== "amber" && (field === prefix || field?.startsWith(`${prefix}.`)));

export function Section({ title, wrong = false, children }) {
  return (
    <fieldset className={`form-section${wrong ? " wrong" : ""}`}>
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}

export function Text({ label, value, onChange, off = false, problem = null, list = null, hint = null, placeholder, inputMode }) {
  const id = useId();
  const told = problem ?? hint;
  return (
    <div className="form-field">
      <label htmlFor={id}>{label}</label>
      <input id={id} type="text" inputMode={inputMode} value={value ?? ""} placeholder={placeholder} readOnly={off} list={list ? `${id}-list` : undefined} aria-invalid={problem ? "true" : undefined} aria-describedby={told ? `${id}-told` : undefined} onChange={(event) => onChange(event.target.value)} />
      {list && (
        <datalist id={`${id}-list`}>
          {list.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
      {told && (
        <p id={`${id}-told`} className={problem ? "problem" : "muted"}>
          {told}
        </p>
      )}
    </div>
  );
}

export function Choice({ label, value, options, onChange, off = false, problem = null }) {
  const id = useId();
  return (
    <div className="form-field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} disabled={off} aria-invalid={problem ? "true" : undefined} aria-describedby={problem ? `${id}-told` : undefined} onChange={(event) => onChange(event.target.value)}>
        {options.map(([key, word, disabled]) => (
          <option key={key} value={key} disabled={disabled}>
            {word}
          </option>
        ))}
      </select>
      {problem && (
        <p id={`${id}-told`} className="problem">
          {problem}
        </p>
      )}
    </div>
  );
}

// Several lines. They count when the field is left: half a line is no value yet.
function Lines({ label, value, onChange, off = false, problem = null, hint = null }) {
  const id = useId();
  const told = problem ?? hint;
  return (
    <div className="form-field">
      <label htmlFor={id}>{label}</label>
      <textarea key={value} id={id} rows={Math.min(12, Math.max(2, value.split("\n").length + 1))} defaultValue={value} readOnly={off} spellCheck={false} aria-invalid={problem ? "true" : undefined} aria-describedby={told ? `${id}-told` : undefined} onBlur={({ target }) => target.value !== value && onChange(target.value)} />
      {told && (
        <p id={`${id}-told`} className={problem ? "problem" : "muted"}>
          {told}
        </p>
      )}
    </div>
  );
}

// What annotations put the application into. It runs as before: nothing of this reaches its cluster.
function Memberships({ at, set, broken }) {
  const { data } = useAnswer("memberships", {});
  const known = (values) => (values ?? []).map(({ value }) => value);
  return (
    <>
      <Text label="Product" value={at(PRODUCT)} off={broken} list={known(data?.known.products)} placeholder="none" onChange={(name) => set(PRODUCT, name.trimStart())} />
      <Names label="Groups" names={namesOf(at(GROUPS))} known={known(data?.known.groups)} off={broken} onChange={(names) => set(GROUPS, withNames(names))} />
    </>
  );
}

// Names, one after the other: Enter or a comma takes what is typed, Backspace in an empty field the last one away.
function Names({ label, names, known, off, onChange }) {
  const id = useId();
  const [typed, setTyped] = useState("");
  const take = (text) => {
    setTyped("");
    const more = namesOf(text).filter((name) => !names.includes(name));
    if (more.length) onChange([...names, ...more]);
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" || event.key === ",") {
      event.preventDefault();
      take(typed);
    } else if (event.key === "Backspace" && !typed && names.length) onChange(names.slice(0, -1));
  };
  return (
    <div className="form-field">
      <label htmlFor={id}>{label}</label>
      <div className="names">
        {names.map((name) => (
          <span key={name} className="tag">
            {name}
            {!off && (
              <button type="button" aria-label={`Leave group ${name}`} onClick={() => onChange(names.filter((one) => one !== name))}>
                <Icon name="close" />
              </button>
            )}
          </span>
        ))}
        <input id={id} type="text" list={`${id}-list`} value={typed} readOnly={off} aria-describedby={`${id}-told`} onChange={(event) => (known.includes(event.target.value) && !event.nativeEvent.inputType?.startsWith("insertText") ? take(event.target.value) : setTyped(event.target.value))} onKeyDown={onKeyDown} onBlur={() => take(typed)} />
      </div>
      <datalist id={`${id}-list`}>
        {known.filter((one) => !names.includes(one)).map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <p id={`${id}-told`} className="muted">
        pick one, or type a new name and press Enter
      </p>
    </div>
  );
}

function Pairs({ label, path, at, set, off }) {
  const pairs = at(path);
  return <Lines label={label} value={linesOf(pairs)} off={off} hint="name=value, one a line" onChange={(text) => set(path, withPairs(pairs, text))} />;
}

function Tick({ label, value, onChange, off }) {
  return (
    <label className="check">
      <input type="checkbox" checked={Boolean(value)} disabled={off} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}

function Source({ bind, at, set, repositories, broken }) {
  const helm = at(["spec", "source", "chart"]) !== undefined;
  const toggle = (kind) => {
    const source = { ...(at(["spec", "source"]) ?? {}) };
    if (kind === "helm") delete source.path;
    else delete source.chart;
    set(["spec", "source"], kind === "helm" ? { ...source, chart: source.chart ?? "chart" } : { ...source, path: source.path ?? "." });
  };
  return (
    <>
      <Choice label="Kind" value={helm ? "helm" : "git"} options={[["git", "Git repository"], ["helm", "Helm repository"]]} off={broken} onChange={toggle} />
      <Text label="Repository" {...bind("spec.source.repoURL")} list={repositories} placeholder="https://git.example/apps.git" />
      <Text label={helm ? "Version" : "Revision"} {...bind("spec.source.targetRevision")} hint={helm ? "a version or a range" : "a branch, a tag or a commit; empty: HEAD"} />
      {helm ? <Text label="Chart" {...bind("spec.source.chart")} /> : <Text label="Path" {...bind("spec.source.path")} placeholder="shop/checkout" />}
    </>
  );
}

function Destination({ bind, at, onChange, text, clusters, broken }) {
  const byName = at(["spec", "destination", "name"]) !== undefined;
  const toggle = (kind) => {
    const [server, name] = [at(["spec", "destination", "server"]), at(["spec", "destination", "name"])];
    const known = clusters.find((one) => one.server === server || one.metadata.name === name);
    const without = withValue(text, ["spec", "destination", byName ? "name" : "server"], null);
    onChange(withValue(without, ["spec", "destination", kind], (kind === "name" ? known?.metadata.name : known?.server) ?? "in-cluster"));
  };
  return (
    <>
      <Choice label="Cluster by" value={byName ? "name" : "server"} options={[["server", "address"], ["name", "name"]]} off={broken} onChange={toggle} />
      {byName ? <Text label="Cluster" {...bind("spec.destination.name")} list={clusters.map(({ metadata }) => metadata.name)} /> : <Text label="Cluster" {...bind("spec.destination.server")} list={clusters.map(({ server }) => server)} />}
      <Text label="Namespace" {...bind("spec.destination.namespace")} />
    </>
  );
}

const whole = (value) => (/^-?\d+$/.test(value) ? Number(value) : value);

function SyncPolicy({ bind, at, set, broken }) {
  const automated = at(["spec", "syncPolicy", "automated"]);
  const auto = automated !== undefined && automated?.enabled !== false;
  const options = at(["spec", "syncPolicy", "syncOptions"]) ?? [];
  const setOptions = (name, value) => set(["spec", "syncPolicy", "syncOptions"], withOption(options, name, value));
  const retry = at(["spec", "syncPolicy", "retry"]) !== undefined;
  return (
    <>
      <Choice label="Policy" value={auto ? "auto" : "manual"} options={[["manual", "manual"], ["auto", "automatic"]]} off={broken} onChange={(kind) => set(["spec", "syncPolicy", "automated"], kind === "auto" ? { prune: false, selfHeal: false } : null)} />
      {auto && (
        <div className="ticks">
          <Tick label="Prune what Git no longer has" value={automated?.prune} off={broken} onChange={(on) => set(["spec", "syncPolicy", "automated", "prune"], on)} />
          <Tick label="Heal what others change" value={automated?.selfHeal} off={broken} onChange={(on) => set(["spec", "syncPolicy", "automated", "selfHeal"], on)} />
        </div>
      )}
      <div className="ticks" role="group" aria-label="Sync options">
        {SYNC_OPTIONS.map(([name, value, label]) => (
          <Tick key={name} label={label} value={optionOf(options, name) === value} off={broken} onChange={(on) => setOptions(name, on ? value : null)} />
        ))}
      </div>
      <Choice label="Prune mode" value={optionOf(options, "PrunePropagationPolicy")} options={PROPAGATIONS.map((one) => [one, one || "foreground (default)"])} off={broken} onChange={(value) => setOptions("PrunePropagationPolicy", value)} />
      <Tick label="Retry a failed sync" value={retry} off={broken} onChange={(on) => set(["spec", "syncPolicy", "retry"], on ? { limit: 5, backoff: { duration: "5s", factor: 2, maxDuration: "3m" } } : null)} />
      {retry && (
        <div className="form-row">
          <Text label="Times" {...bind("spec.syncPolicy.retry.limit")} inputMode="numeric" onChange={(value) => set(["spec", "syncPolicy", "retry", "limit"], whole(value))} />
          <Text label="First pause" {...bind("spec.syncPolicy.retry.backoff.duration")} />
          <Text label="Factor" {...bind("spec.syncPolicy.retry.backoff.factor")} inputMode="numeric" onChange={(value) => set(["spec", "syncPolicy", "retry", "backoff", "factor"], whole(value))} />
          <Text label="Longest pause" {...bind("spec.syncPolicy.retry.backoff.maxDuration")} />
        </div>
      )}
    </>
  );
}

const TOOLS = [
  ["", "as its files say"],
  ["directory", "plain directory"],
  ["helm", "Helm"],
  ["kustomize", "Kustomize"],
  ["plugin", "plugin"],
];

function Tool({ bind, at, set, broken }) {
  const source = at(["spec", "source"]) ?? {};
  const tool = ["helm", "kustomize", "plugin", "directory"].find((one) => source[one] !== undefined) ?? "";
  const choose = (next) => {
    const { helm: _h, kustomize: _k, plugin: _p, directory: _d, ...rest } = source;
    set(["spec", "source"], next ? { ...rest, [next]: next === "directory" ? { recurse: true } : next === "helm" ? { releaseName: at(["metadata", "name"]) || "release" } : next === "kustomize" ? { namePrefix: "prefix-" } : { name: "plugin" } } : rest);
  };
  return (
    <Section title="Tool">
      <Choice label="Rendered by" value={tool} options={TOOLS} off={broken} onChange={choose} />
      {tool === "directory" && (
        <>
          <Tick label="Look into sub-directories" value={source.directory.recurse} off={broken} onChange={(on) => set(["spec", "source", "directory", "recurse"], on)} />
          <Text label="Include" {...bind("spec.source.directory.include")} placeholder="*.yaml" />
          <Text label="Exclude" {...bind("spec.source.directory.exclude")} />
          <Pairs label="Top-level arguments of Jsonnet" path={["spec", "source", "directory", "jsonnet", "tlas"]} at={at} set={set} off={broken} />
          <Pairs label="External variables of Jsonnet" path={["spec", "source", "directory", "jsonnet", "extVars"]} at={at} set={set} off={broken} />
        </>
      )}
      {tool === "helm" && (
        <>
          <Text label="Release name" {...bind("spec.source.helm.releaseName")} />
          <Lines label="Value files" {...bind("spec.source.helm.valueFiles")} value={(source.helm.valueFiles ?? []).join("\n")} hint="one a line; the last one wins" onChange={(text) => set(["spec", "source", "helm", "valueFiles"], text.split("\n").map((one) => one.trim()).filter(Boolean))} />
          {source.helm.valuesObject === undefined ? <Lines label="Values" value={String(source.helm.values ?? "")} off={broken} hint="YAML; it overrides the value files" onChange={(value) => set(["spec", "source", "helm", "values"], value)} /> : <p className="muted">Its values stand in valuesObject; edit them in the text.</p>}
          <Pairs label="Parameters" path={["spec", "source", "helm", "parameters"]} at={at} set={set} off={broken} />
        </>
      )}
      {tool === "kustomize" && (
        <>
          <Text label="Name prefix" {...bind("spec.source.kustomize.namePrefix")} />
          <Text label="Name suffix" {...bind("spec.source.kustomize.nameSuffix")} />
          <Text label="Version" {...bind("spec.source.kustomize.version")} />
        </>
      )}
      {tool === "plugin" && (
        <>
          <Text label="Name" {...bind("spec.source.plugin.name")} />
          <Pairs label="Environment" path={["spec", "source", "plugin", "env"]} at={at} set={set} off={broken} />
        </>
      )}
    </Section>
  );
}
