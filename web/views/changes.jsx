// Everything in the application that is not as Git says: objects at the left, what differs at the right.
import { useState } from "react";
import { Bone, Empty, Icon, Notice } from "./kit.jsx";
import { later } from "./later.jsx";
import { useAnswer } from "./live.js";
import { familyOf } from "./layout.js";

const Difference = later(() => import("./yaml.jsx").then((module) => module.Difference));

const countOf = (diff) => {
  if (!diff) return "?";
  if (!diff.normalizedLive) return "new";
  return diff.changes.length;
};

export function Changes({ application, stamp }) {
  const { data, error, again } = useAnswer("changed_resources", application, { stamp });
  const [chosen, setChosen] = useState(null);
  if (error && !data) return <Notice title="The differences could not be read" detail={error.message} next="The tree still works." id={error.id} onRetry={again} />;
  if (!data) return <p className="pad"><Bone wide /></p>;
  const resources = data.application?.managedResources;
  if (!resources) return <Notice tone="amber" title="The differences are not known" detail="The runtime did not answer." next="It is asked again with the next change." onRetry={again} />;
  if (!resources.length) return <Empty title="Nothing differs" next="Every object in the cluster is what Git says." />;
  const current = resources.find(({ node }) => node.id === chosen) ?? resources[0];
  return (
    <div className="changes">
      <ul aria-label="Objects that differ">
        {resources.map(({ node, diff }) => (
          <li key={node.id}>
            <button type="button" aria-pressed={node.id === current.node.id} onClick={() => setChosen(node.id)}>
              <Icon name={familyOf(node.kind)} />
              <span className="clip">
                {node.kind} {node.name}
              </span>
              <span className="count">{countOf(diff)}</span>
            </button>
          </li>
        ))}
      </ul>
      {current.diff ? <Difference key={current.node.id} diff={current.diff} label={`Difference of ${current.node.kind} ${current.node.name}`} /> : <Empty title="Its difference is not known" next="Refresh the application." />}
    </div>
  );
}
