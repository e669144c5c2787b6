// Clusters that runtimes deploy to: whether they are reached, and adding and removing them. The credential goes to the runtime and
// is never shown again.
import { useState } from "react";
import { Dialog, GuardedButton, Words } from "./dialog.jsx";
import { Committed } from "./gitsources.jsx";
import { announce, AppLink, CopyId, Icon, Moment } from "./kit.jsx";
import { Listing } from "./listing.jsx";
import { useAnswer, useStream } from "./live.js";
import { useDeed } from "./mutation.jsx";
import { InstallRollouts, whyNoCommit } from "./rolloutsmissing.jsx";
import { toClusterInput } from "./clusterinput.js";

const CONNECTIONS = { Successful: ["Connected", "green", "signal"], Failed: ["Failed", "red", "alert"] };
const OWN = "https://kubernetes.default.svc";

export function ClusterState({ state }) {
  const [word, colour, icon] = CONNECTIONS[state.status] ?? ["Unknown", "grey", "info"];
  return (
    <span className={`status status-${colour}`} title={state.message ?? undefined}>
      <Icon name={icon} />
      {word}
    </span>
  );
}

export const clusterPlace = (name) => `/applications?since=any&cluster=${encodeURIComponent(name)}`;

export function Clusters() {
  const [asked, setAsked] = useState(null); // {deed: "add" | "remove" | "rollouts", cluster}
  const [told, setTold] = useState(null);
  const [stamp, setStamp] = useState(0);
  const again = () => setStamp((count) => count + 1);
  useStream("banner_changes", {}, { onEvent: again });
  const runtimes = useAnswer("runtime_names", {}).data?.runtimes.nodes;
  const close = () => setAsked(null);
  const done = (word) => {
    setTold(word);
    close();
    again();
  };
  return (
    <Listing
      title="Clusters"
      name="clusters"
      of="clusters"
      stamp={stamp}
      heads={["Cluster", "Connection", "Server", "Runtime", "Version", "Applications", "Objects", "Rollouts", "Read", ""]}
      empty={{ title: "No clusters", next: "A runtime deploys to the cluster that it lives in and to those that are added here." }}
      deed={
        <button type="button" className="button primary" onClick={() => setAsked({ deed: "add" })}>
          <Icon name="plus" />
          Cluster
        </button>
      }
      row={(cluster) => {
        const { id, server, metadata, info } = cluster;
        return (
          <tr key={id}>
            <th scope="row">
              <AppLink to={clusterPlace(metadata.name)}>{metadata.name}</AppLink>
            </th>
            <td>
              <ClusterState state={info.connectionState} />
            </td>
            <td title={server}>{server}</td>
            <td>{metadata.runtime}</td>
            <td>{info.serverVersion}</td>
            <td className="number" data-label="applications">
              {info.applicationsCount}
            </td>
            <td className="number" data-label="objects">
              {info.cacheInfo.resourcesCount}
            </td>
            <td data-label="rollouts">
              {info.rollouts && "Known"}
              {info.rollouts === false && (
                <GuardedButton className="button small" off={server === OWN ? "the runtime lives in it: start it with rollouts among its --controllers" : whyNoCommit(runtimes, metadata.runtime)} aria-label={`Install Rollouts in ${metadata.name}`} onClick={() => setAsked({ deed: "rollouts", cluster })}>
                  Install
                </GuardedButton>
              )}
            </td>
            <td data-label="read">
              <Moment at={info.cacheInfo.lastCacheSyncTime} />
            </td>
            <td>
              <GuardedButton className="button small danger" off={server === OWN ? "the runtime lives in it" : null} aria-label={`Remove ${metadata.name}`} onClick={() => setAsked({ deed: "remove", cluster })}>
                Remove
              </GuardedButton>
            </td>
          </tr>
        );
      }}
    >
      <Committed told={told} onClose={() => setTold(null)} />
      {asked?.deed === "add" && <AddCluster onClose={close} onDone={done} />}
      {asked?.deed === "rollouts" && <InstallRollouts runtime={asked.cluster.metadata.runtime} cluster={asked.cluster.metadata.name} onClose={close} onDone={done} />}
      {asked?.deed === "remove" && <RemoveCluster cluster={asked.cluster} onClose={close} onDone={done} />}
    </Listing>
  );
}

const EMPTY = { runtime: "", name: "", server: "", token: "", ca: "", serverName: "", labels: "", insecure: false };
const FIRST = ["name", "server", "token"];

function AddCluster({ onClose, onDone }) {
  const [input, setInput] = useState(EMPTY);
  const [problem, busy, run] = useDeed();
  const runtimes = useAnswer("runtime_names", {}).data?.runtimes.nodes.map((one) => one.metadata.name) ?? [];
  const runtime = input.runtime || (runtimes[0] ?? "");
  const set = (key) => (value) => setInput((before) => ({ ...before, [key]: value }));
  const missing = !runtime ? "there is no runtime yet" : FIRST.some((key) => !input[key].trim()) ? "name, address and token are needed" : null;
  const add = async () => {
    const payload = await run("add_cluster", { input: toClusterInput({ ...input, runtime }) }, "addCluster");
    if (!payload) return;
    announce(`Cluster ${input.name} is added`);
    onDone({ payload, words: `Cluster ${input.name} is added${payload.serverVersion ? `, Kubernetes ${payload.serverVersion}` : ""}` });
  };
  return (
    <Dialog title="Add a cluster" wide onClose={onClose} onSubmit={add} submit="Add" busy={busy} off={missing} problem={problem}>
      <p className="will">
        The runtime tries to reach it first. Then it keeps the credential: sealed in Git where the home cluster can open it, else directly in its own namespace. Nothing changes in the cluster itself.
      </p>
      <p className="muted">Where a kubeconfig has the cluster, one command makes the ServiceAccount and does the rest:</p>
      <CopyId value={`argosy cluster add CONTEXT --runtime ${runtime || "RUNTIME"}`} />
      <div className="form-grid">
        <div className="words">
          <label htmlFor="cluster-runtime">Runtime</label>
          <select id="cluster-runtime" value={runtime} onChange={(event) => set("runtime")(event.target.value)}>
            {runtimes.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
        <Words label="Name" value={input.name} onChange={set("name")} required placeholder="eu-production" />
        <Words label="API server" value={input.server} onChange={set("server")} required placeholder="https://10.0.0.1:6443" hint="As the runtime reaches it." />
        <Words label="Token of a ServiceAccount" type="password" value={input.token} onChange={set("token")} required />
        <Words label="Certificates of its authorities" value={input.ca} onChange={set("ca")} rows={3} placeholder="-----BEGIN CERTIFICATE-----" hint="PEM, or its base64 as in a kubeconfig; empty: those of the system." />
        <Words label="Name in the certificate" value={input.serverName} onChange={set("serverName")} placeholder="that of the address" />
        <Words label="Labels" value={input.labels} onChange={set("labels")} placeholder="env=production, region=eu" hint="Generators of ApplicationSets choose by them." />
        <label className="check">
          <input type="checkbox" checked={input.insecure} onChange={(event) => set("insecure")(event.target.checked)} />
          Do not check its certificate
        </label>
      </div>
    </Dialog>
  );
}

function RemoveCluster({ cluster, onClose, onDone }) {
  const [typed, setTyped] = useState("");
  const [problem, busy, run] = useDeed();
  const { name, runtime } = cluster.metadata;
  const count = cluster.info.applicationsCount;
  const remove = async () => {
    const payload = await run("remove_cluster", { runtime, server: cluster.server }, "removeCluster");
    if (!payload) return;
    announce(`Cluster ${name} is removed`);
    onDone({ payload, words: `Cluster ${name} is removed` });
  };
  return (
    <Dialog title={`Remove ${name}`} onClose={onClose} onSubmit={remove} submit="Remove" danger busy={busy} off={typed === name ? null : "type its name"} problem={problem}>
      <p className="will">
        Runtime {runtime} forgets it and its credential. {count ? `${count} ${count === 1 ? "application names" : "applications name"} it as destination: what they deployed goes on running and is looked after by nobody.` : "No application deploys there."}
      </p>
      <Words label={`Type ${name} to confirm`} value={typed} onChange={setTyped} />
    </Dialog>
  );
}
