// One runtime: how it does, its parts, its Git Sources and clusters; and the picture of all runtimes with their clusters.
import { useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { useNavigate, useParams } from "react-router";
import { ClusterState, clusterPlace } from "./clusters.jsx";
import { Dialog, GuardedButton, Words } from "./dialog.jsx";
import { Committed } from "./gitsources.jsx";
import { announce, AppLink, Bone, Empty, Icon, Moment, Notice } from "./kit.jsx";
import { ask, useAnswer, useStream } from "./live.js";
import { useDeed } from "./mutation.jsx";
import { placeOf } from "./place.js";
import { Join, NewRuntime } from "./registration.jsx";
import { RuntimeLogs } from "./runtimelogs.jsx";
import { Health, Sync } from "./status.jsx";
import { Table } from "./table.jsx";
import { QueryLink, useQuery } from "./url.jsx";

const ADMINS = "only administrators";

function Connected({ on }) {
  return (
    <span className={`status status-${on ? "green" : "amber"}`}>
      <Icon name={on ? "signal" : "alert"} />
      {on ? "Live" : "Not reachable"}
    </span>
  );
}

export function RuntimePage() {
  const { name } = useParams();
  const search = useQuery();
  const [stamp, setStamp] = useState(0);
  const [told, setTold] = useState(null);
  const { data, error, again } = useAnswer("runtime", { name }, { stamp });
  useStream("banner_changes", {}, { onEvent: ({ runtimes }) => runtimes.metadata.name === name && setStamp((count) => count + 1) });
  const runtime = data?.runtime;
  if (error && !data) return <Notice title="The runtime could not be read" detail={error.message} id={error.id} onRetry={again} />;
  if (data && !runtime) {
    return (
      <Empty title={`There is no runtime ${name}`} next="It does not exist, or you may not see it.">
        <AppLink className="button" to="/runtimes">
          All runtimes
        </AppLink>
      </Empty>
    );
  }
  const tabs = [
    ["components", "Components", runtime?.components.length],
    ["sources", "Git Sources", runtime?.gitSources.totalCount],
    ["clusters", "Clusters", runtime?.managedClusters.totalCount],
    ...(data?.me.isAdmin ? [["logs", "Logs"]] : []),
  ];
  const tab = tabs.some(([key]) => key === search.get("tab")) ? search.get("tab") : "components";
  return (
    <>
      <div className="page-head">
        <nav className="crumbs" aria-label="Where this is">
          <AppLink to="/runtimes">Runtimes</AppLink>
          <span aria-hidden="true">/</span>
        </nav>
        <h1>{name}</h1>
        {runtime && <Connected on={runtime.available} />}
        {runtime && <Health status={runtime.healthStatus ?? "UNKNOWN"} message={runtime.healthMessage} />}
        <div className="grow" />
        <Deeds name={name} runtime={runtime} admin={data?.me.isAdmin} onTold={setTold} hidden={data?.me.hiddenAlerts.includes(name)} onAlerts={() => setStamp((count) => count + 1)} />
      </div>
      <Committed told={told} onClose={() => setTold(null)} />
      {runtime ? <Facts runtime={runtime} /> : <Bone wide />}
      {runtime?.errors.map((one) => (
        <Notice key={one.title + one.message} tone={one.level === "ERROR" ? "red" : "amber"} title={one.title} detail={one.message} next={one.suggestion} />
      ))}
      <nav className="tabs" aria-label="Parts of the runtime">
        {tabs.map(([key, label, count]) => (
          <QueryLink key={key} className="tab" current={tab === key} changes={{ tab: key === "components" ? null : key }}>
            {label}
            {count !== undefined && <span className="muted">{count}</span>}
          </QueryLink>
        ))}
      </nav>
      {runtime && tab === "components" && <Components components={runtime.components} />}
      {runtime && tab === "sources" && <Sources sources={runtime.gitSources.nodes} />}
      {runtime && tab === "clusters" && <Clusters clusters={runtime.managedClusters.nodes} />}
      {runtime && tab === "logs" && <RuntimeLogs runtime={name} />}
    </>
  );
}

function Version({ runtime: { runtimeVersion, updateRequired, updateAvailable, changelogUrl } }) {
  const newer = updateRequired ? `Update required: at least ${updateRequired}, older ones have a known hole` : updateAvailable && `Update available: ${updateAvailable}`;
  return (
    <>
      <span>{[runtimeVersion ?? "not known", newer].filter(Boolean).join("; ")}</span>
      {newer && (
        <a href={changelogUrl} target="_blank" rel="noreferrer">
          What changed
        </a>
      )}
    </>
  );
}

function Facts({ runtime }) {
  const facts = [
    ["Version", <Version key="version" runtime={runtime} />],
    ["Installation", runtime.selfManaged ? <Installation key="own" runtime={runtime} /> : "Not managed through Git"],
    ["Engine", !runtime.lastUpdated ? "not known" : runtime.engine === "ARGO_CD" ? "Argo CD" : "Argosy"],
    ["Runs", runtime.installationType === "HELM_HOSTED" ? "hosted by this control plane" : `in ${runtime.cluster ?? "its own cluster"}, namespace ${runtime.metadata.namespace ?? "not known"}`],
    ["Last report", <Moment key="at" at={runtime.lastUpdated} />],
    ["Operations are journalled in", runtime.sharedConfigRepo ?? "no repository"],
    ["Applications", <AppLink key="all" to={`/applications?since=any&runtime=${encodeURIComponent(runtime.metadata.name)}`}>{runtime.applicationsNum}</AppLink>],
    ...(runtime.ingressHost ? [["Reached at", runtime.ingressHost]] : []),
  ];
  return (
    <dl className="facts wide-facts">
      {facts.map(([fact, value]) => (
        <div key={fact}>
          <dt>{fact}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

// Its own installation is an application like others.
function Installation({ runtime }) {
  const { name, namespace } = runtime.metadata;
  return (
    <AppLink to={placeOf({ runtime: name, namespace, name: "argosy-runtime" })}>
      <Sync status={runtime.syncStatus} />
    </AppLink>
  );
}

function Components({ components }) {
  if (!components.length) return <Empty title="No parts are known yet" next="They are told with the first report of the runtime." />;
  return (
    <Table caption="Components" heads={["Component", "Health", "Version", "What is wrong"]}>
      {components.map((one) => (
        <tr key={one.metadata.name}>
          <th scope="row">{one.metadata.name}</th>
          <td>
            <Health status={one.healthStatus ?? "UNKNOWN"} />
          </td>
          <td>{one.version}</td>
          <td>{one.errors.map((error) => error.message).join("; ")}</td>
        </tr>
      ))}
    </Table>
  );
}

function Sources({ sources }) {
  if (!sources.length) return <Empty title="No Git Source" next="Add one on the page of Git Sources." />;
  return (
    <Table caption="Git Sources" heads={["Git Source", "Health", "Sync", "Repository"]}>
      {sources.map((one) => (
        <tr key={one.id}>
          <th scope="row">
            <AppLink to={placeOf(one.metadata)}>{one.metadata.name}</AppLink>
          </th>
          <td>
            <Health status={one.healthStatus ?? "UNKNOWN"} />
          </td>
          <td>
            <Sync status={one.syncStatus} />
          </td>
          <td>{[one.repoURL, one.path].filter(Boolean).join(": ")}</td>
        </tr>
      ))}
    </Table>
  );
}

function Clusters({ clusters }) {
  if (!clusters.length) return <Empty title="No cluster" next="The runtime has not told of any cluster yet." />;
  return (
    <Table caption="Clusters" heads={["Cluster", "Connection", "Server", "Version", "Applications"]}>
      {clusters.map((one) => (
        <tr key={one.id}>
          <th scope="row">
            <AppLink to={clusterPlace(one.metadata.name)}>{one.metadata.name}</AppLink>
          </th>
          <td>
            <ClusterState state={one.info.connectionState} />
          </td>
          <td title={one.server}>{one.server}</td>
          <td>{one.info.serverVersion}</td>
          <td className="number" data-label="applications">
            {one.info.applicationsCount}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Deeds({ name, runtime, admin, onTold, hidden, onAlerts }) {
  const navigate = useNavigate();
  const [asked, setAsked] = useState(null);
  const [typed, setTyped] = useState("");
  const [token, setToken] = useState(null);
  const [problem, busy, run] = useDeed();
  const hosted = runtime?.installationType === "HELM_HOSTED";
  const off = !admin ? ADMINS : hosted ? "this control plane runs it itself" : null;
  const alerts = () => ask("hide_alerts", { runtime: name, hidden: !hidden }).then(onAlerts, (failure) => announce(failure.message));
  const manage = async () => {
    const payload = await run("manage_runtime", { runtime: name }, "manageRuntime");
    if (!payload) return;
    announce(`The installation of ${name} is committed`);
    setAsked(null);
    onTold({ payload, words: `The installation of ${name} is committed; it manages itself once it has read that` });
  };
  const unmanaged = !runtime ? "the runtime is being read" : hosted ? "this control plane runs it itself" : runtime.selfManaged ? "it manages itself" : !runtime.sharedConfigRepo ? "it has no shared configuration repository: start it with --config-repo" : null;
  const renew = async () => {
    const payload = await run("renew_runtime_token", { name }, "renewRuntimeToken");
    if (payload) setToken(payload.token);
  };
  const remove = async () => {
    if (!(await run("remove_runtime", { name, confirm: typed }, "removeRuntime"))) return;
    announce(`Runtime ${name} is forgotten`);
    navigate("/runtimes");
  };
  const close = () => {
    setAsked(null);
    setToken(null);
    setTyped("");
  };
  return (
    <div className="deeds-bar">
      <GuardedButton off={runtime ? null : "the runtime is being read"} onClick={alerts} aria-pressed={Boolean(hidden)}>
        {hidden ? "Show its alerts" : "Hide its alerts"}
      </GuardedButton>
      <GuardedButton off={unmanaged} onClick={() => setAsked("manage")}>
        Manage through Git
      </GuardedButton>
      <Dialog title={`Let ${name} manage itself`} open={asked === "manage"} onClose={close} onSubmit={manage} submit="Commit" busy={busy} problem={problem}>
        <p className="will">
          One commit to the shared configuration: its Deployment, its account and its rights as they are in its cluster now, and an Application of them. Nothing changes there. From then on it is upgraded by a commit, and no more by kubectl or helm: what
          they change is set back. Its token stays out of Git.
        </p>
      </Dialog>
      <GuardedButton off={off} onClick={() => setAsked("renew")}>
        New token
      </GuardedButton>
      <GuardedButton off={off ?? (runtime?.available ? "it is connected; uninstall it first" : null)} className="button danger" onClick={() => setAsked("remove")}>
        Remove
      </GuardedButton>
      {token ? (
        <Dialog title={`New token of ${name}`} open wide onClose={close}>
          <Join name={name} token={token} />
        </Dialog>
      ) : (
        <Dialog title={`New token for ${name}`} open={asked === "renew"} onClose={close} onSubmit={renew} submit="Make a new token" busy={busy} problem={problem}>
          <p className="will">The present token is void at once, and the connection that was made with it ends. The runtime connects again when it is given the new one.</p>
        </Dialog>
      )}
      <Dialog title={`Remove ${name}`} open={asked === "remove"} onClose={close} onSubmit={remove} submit="Remove" danger busy={busy} off={typed === name ? null : "type its name"} problem={problem}>
        <p className="will">Forgets the runtime and what it reported. Nothing changes in its cluster: applications go on running.</p>
        <Words label={`Type ${name} to confirm`} value={typed} onChange={setTyped} />
      </Dialog>
    </div>
  );
}

// Drawn in the head of the page, which is made on the server.
function InHead({ id, children }) {
  const [place, setPlace] = useState(null);
  useEffect(() => setPlace(document.getElementById(id)), [id]);
  return place && createPortal(children, place);
}

// Who serves which cluster; a nested list, drawn as a tree.
export function Topology() {
  const [stamp, setStamp] = useState(0);
  const [adding, setAdding] = useState(false);
  const { data, error } = useAnswer("topology", {}, { stamp });
  useStream("banner_changes", {}, { onEvent: () => setStamp((count) => count + 1) });
  const close = () => {
    setAdding(false);
    setStamp((count) => count + 1);
  };
  const clustersOf = ({ metadata }) => data.clusters.nodes.filter((cluster) => cluster.metadata.runtime === metadata.name);
  return (
    <section className="topology-section" aria-label="Topology">
      <div className="page-head">
        <h2>Topology</h2>
      </div>
      <InHead id="register-runtime">
        <GuardedButton off={data && !data.me.isAdmin ? ADMINS : null} className="button primary" onClick={() => setAdding(true)}>
          <Icon name="plus" />
          Runtime
        </GuardedButton>
        <NewRuntime open={adding} onClose={close} />
      </InHead>
      {error && !data && <Notice title="It could not be read" detail={error.message} id={error.id} />}
      <ul className="topology">
        <li>
          <span className="place">
            <Icon name="application" />
            Control plane
          </span>
          <ul>
            {data?.runtimes.nodes.map((runtime) => (
              <li key={runtime.id}>
                <span className={`place${runtime.available ? "" : " place-wrong"}`}>
                  <AppLink to={`/runtimes/${encodeURIComponent(runtime.metadata.name)}`}>{runtime.metadata.name}</AppLink>
                  <Connected on={runtime.available} />
                </span>
                <ul>
                  {clustersOf(runtime).map((cluster) => (
                    <li key={cluster.id}>
                      <span className={`place${cluster.info.connectionState.status === "Failed" ? " place-wrong" : ""}`}>
                        <AppLink to={clusterPlace(cluster.metadata.name)}>{cluster.metadata.name}</AppLink>
                        <ClusterState state={cluster.info.connectionState} />
                        <span className="muted">{cluster.info.applicationsCount} {cluster.info.applicationsCount === 1 ? "application" : "applications"}</span>
                      </span>
                    </li>
                  ))}
                </ul>
              </li>
            ))}
          </ul>
        </li>
      </ul>
    </section>
  );
}
