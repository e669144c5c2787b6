// Pods of an application, each a tile under the node that runs it or under what it belongs to.
import { Empty, Icon } from "./kit.jsx";
import { familyOf } from "./layout.js";
import { podGroups } from "./network.js";
import { Health } from "./status.jsx";

const counted = (pods) => {
  const ready = pods.filter(({ healthStatus }) => healthStatus === "HEALTHY").length;
  return `${pods.length} ${pods.length === 1 ? "pod" : "pods"}${ready === pods.length ? "" : `, ${pods.length - ready} not healthy`}`;
};

export default function Pods({ nodes, hits, by, selected, onOpen }) {
  const groups = podGroups(nodes, by);
  if (!groups.length) return <Empty title="No pods" next="Pods of the application are shown here once its workloads make them." />;
  return (
    <div className="pod-groups">
      {groups.map(({ key, title, kind, pods }) => (
        <section key={key} className="tile" aria-label={`${kind} ${title}`}>
          <div className="tile-head">
            <Icon name={kind === "Node" ? "storage" : familyOf(kind)} />
            <h2>{title}</h2>
            <span className="muted">{counted(pods)}</span>
          </div>
          <ul className="pod-tiles">
            {pods.map((pod) => (
              <li key={pod.id}>
                <button type="button" className={`pod-tile${hits && !hits.has(pod.id) ? " dimmed" : ""}${pod.id === selected ? " selected" : ""}`} title={pod.healthMessage ?? undefined} onClick={() => onOpen(pod)}>
                  <Health bare status={pod.healthStatus ?? "UNKNOWN"} message={pod.healthMessage} />
                  <span className="pod-name">{pod.name}</span>
                  <span className="muted">{pod.info.map(({ value }) => value).join(" · ")}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
