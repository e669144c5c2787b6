// The workloads of an application: what runs, how much of it is up, and the pods behind it.
import { useState } from "react";
import { Bone, Empty, Icon, Moment } from "./kit.jsx";
import { endpointsOf } from "./network.js";
import { keyOf } from "./place.js";
import { Health } from "./status.jsx";
import { QueryLink } from "./url.jsx";

const WORKLOADS = new Set(["Deployment", "StatefulSet", "DaemonSet", "Rollout"]);
const FRONTS = new Set(["Service", "Ingress", "HTTPRoute", "Gateway"]);
const infoOf = (node, ...keys) => node.info.find(({ key }) => keys.includes(key))?.value;

export function Services({ nodes, podsOf }) {
  const [open, setOpen] = useState(new Set());
  const [text, setText] = useState("");
  if (!nodes) return <Bone wide />;
  const all = nodes.filter(({ kind }) => WORKLOADS.has(kind));
  if (!all.length) return <Empty title="No services" next="Deployments, StatefulSets, DaemonSets and Rollouts of the application are listed here." />;
  const led = new Set(); // what leads to one of the workloads
  const shown = all.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()));
  const toggle = (id) => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  };
  return (
    <>
      <div className="filters">
        <div className="field">
          <Icon name="search" />
          <input type="search" data-key="/" aria-label="Search services" placeholder="Search" value={text} onChange={(event) => setText(event.target.value)} />
        </div>
      </div>
      <table className="rows stacks services">
        <caption className="unseen">Services of the application</caption>
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">Status</th>
            <th scope="col">Pods</th>
            <th scope="col">Endpoints</th>
            <th scope="col">Images</th>
            <th scope="col" className="mid-only">
              Created
            </th>
          </tr>
        </thead>
        {shown.map((node) => {
          const pods = podsOf(node);
          const ready = pods.filter(({ healthStatus }) => healthStatus === "HEALTHY").length;
          const images = [...new Set(node.images.length ? node.images : pods.flatMap((pod) => pod.images))];
          const on = open.has(node.id);
          const endpoints = endpointsOf(nodes, pods);
          endpoints.forEach(({ service, fronts }) => [service, ...fronts].forEach(({ id }) => led.add(id)));
          return (
            <tbody key={node.id}>
              <tr>
                <th scope="row">
                  <button type="button" className="button quiet icon-only small" aria-expanded={on} aria-label={`Pods of ${node.name}`} onClick={() => toggle(node.id)}>
                    <Icon name={on ? "down" : "next"} />
                  </button>{" "}
                  <QueryLink changes={{ res: keyOf(node), section: null }}>{node.name}</QueryLink> <span className="muted">{node.kind}</span>
                </th>
                <td>
                  <Health status={node.healthStatus ?? "UNKNOWN"} message={node.healthMessage} />
                </td>
                <td className="number">{infoOf(node, "Ready", "Replicas", "Pods") ?? `${ready}/${pods.length}`}</td>
                <td>
                  <Endpoints endpoints={endpoints} />
                </td>
                <td title={images.join("\n")}>
                  <code>{images.map((image) => image.split("/").at(-1)).join(", ")}</code>
                </td>
                <td className="mid-only">
                  <Moment at={node.created} />
                </td>
              </tr>
              {on &&
                pods.map((pod) => (
                  <tr key={pod.id} className="inner">
                    <td>
                      <QueryLink changes={{ res: keyOf(pod), section: null }}>{pod.name}</QueryLink>
                    </td>
                    <td>
                      <Health status={pod.healthStatus ?? "UNKNOWN"} message={pod.healthMessage} />
                    </td>
                    <td colSpan={3} className="muted">
                      {pod.info.map(({ value }) => value).join(" · ")}
                    </td>
                    <td className="mid-only">
                      <Moment at={pod.created} />
                    </td>
                  </tr>
                ))}
              {on && !pods.length && (
                <tr className="inner">
                  <td colSpan={6} className="muted">
                    No pods
                  </td>
                </tr>
              )}
            </tbody>
          );
        })}
      </table>
      {!shown.length && <Empty title="No service fits" next="Clear the search." />}
      <Elsewhere fronts={nodes.filter(({ id, kind, managed }) => managed && FRONTS.has(kind) && !led.has(id))} />
    </>
  );
}

const Address = ({ node }) => (
  <>
    <QueryLink changes={{ res: keyOf(node), section: null }} title={`${node.kind} ${node.name}`}>
      {node.name}
    </QueryLink>
    {node.links
      .filter(({ url }) => /^https?:/.test(url))
      .map(({ url }) => (
        <a key={url} href={url} target="_blank" rel="noreferrer">
          {url}
        </a>
      ))}
  </>
);

// The Services that select the pods, and what leads to those, with its addresses.
function Endpoints({ endpoints }) {
  if (!endpoints.length) return <span className="muted">none</span>;
  return (
    <ul className="endpoint-list">
      {endpoints.flatMap(({ service, fronts }) =>
        [service, ...fronts].map((node) => (
          <li key={`${service.id} ${node.id}`}>
            <span className="muted">{node.kind}</span>
            <Address node={node} />
          </li>
        )),
      )}
    </ul>
  );
}

function Elsewhere({ fronts }) {
  if (!fronts.length) return null;
  return (
    <section aria-label="Endpoints" className="endpoints">
      <h2>Endpoints that lead to none of these</h2>
      <ul>
        {fronts.map((node) => (
          <li key={node.id}>
            <Icon name="network" />
            <span className="muted">{node.kind}</span>
            <Address node={node} />
          </li>
        ))}
      </ul>
    </section>
  );
}
