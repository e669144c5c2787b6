// The same resources as the tree, as text.
import { memo } from "react";
import { Empty, Icon, Moment } from "./kit.jsx";
import { familyOf, isFine } from "./layout.js";
import { Health, Sync } from "./status.jsx";

const worstFirst = (a, b) => isFine(a) - isFine(b) || a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name);

export function ResourceList({ nodes, onOpen }) {
  if (!nodes.length) return <Empty title="No resource matches" next="Take a filter away." />;
  return (
    <table className="rows stacks resources">
      <caption className="unseen">Resources, those that are not fine first</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Kind</th>
          <th scope="col" className="wide-only">Namespace</th>
          <th scope="col">Health</th>
          <th scope="col">Sync</th>
          <th scope="col" className="wide-only">Facts</th>
          <th scope="col" className="mid-only">Created</th>
        </tr>
      </thead>
      {[...nodes].sort(worstFirst).map((node) => (
        <Row key={node.id} node={node} onOpen={onOpen} />
      ))}
    </table>
  );
}

const Row = memo(function Row({ node, onOpen }) {
  return (
    <tbody>
      <tr>
        <th scope="row">
          <button type="button" className="row-link plain" onClick={() => onOpen(node)}>
            {node.name}
          </button>
        </th>
        <td>
          <span className="status status-grey">
            <Icon name={familyOf(node.kind)} />
            <span>{node.kind}</span>
          </span>
        </td>
        <td className="wide-only">{node.namespace}</td>
        <td>{node.healthStatus && <Health status={node.healthStatus} message={node.healthMessage} />}</td>
        <td>{node.syncStatus && <Sync status={node.syncStatus} />}</td>
        <td className="wide-only muted">{node.info.map(({ key, value }) => (key === "Rev" ? `Rev ${value}` : value)).join(" · ")}</td>
        <td className="mid-only">{node.created && <Moment at={node.created} />}</td>
      </tr>
    </tbody>
  );
});
