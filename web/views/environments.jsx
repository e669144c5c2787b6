// Environments: what they are called, which clusters and namespaces they are, and what runs there. Git holds them, so they are
// made and changed by a push.
import { useRef } from "react";
import { ApplicationTabs } from "./applicationtabs.jsx";
import { EnvironmentKind, filtered } from "./environmentparts.jsx";
import { SearchField } from "./filterbar.jsx";
import { toPagination } from "./filters.js";
import { useFollowed, useTurn } from "./following.js";
import { change, counted, Healths } from "./gathered.jsx";
import { AppLink, Bone, Empty, Icon, Notice } from "./kit.jsx";
import { useAnswer, useStream } from "./live.js";
import { Pager } from "./pager.jsx";
import { Table } from "./table.jsx";
import { useQuery } from "./url.jsx";

const PLACE = "/applications/environments";
const HOW = `apiVersion: v1
kind: ConfigMap
metadata:
  name: production
  labels:
    codefresh.io/entity: environment
data:
  kind: production            # or non-production
  clusters: |
    - cluster: in-cluster     # its name or URL
      namespaces: [shop-*]    # without: all of them`;
const WHERE = "Push this to resources/control-planes/ of the shared configuration for every runtime, or to resources/runtimes/<name>/ for one. An application is in an environment by its destination.";

export function Environments() {
  const search = useQuery().get("q") ?? "";
  const [turn, turnOver] = useTurn();
  const { data, error, again } = useAnswer("environments", { search: search || null, pagination: toPagination(useQuery()) }, { stamp: turn });
  useFollowed({}, data?.cursor, turnOver);
  useTold(turnOver);
  const found = data?.environments;
  return (
    <>
      <ApplicationTabs current={PLACE} />
      <div className="page-head">
        <h1>Environments</h1>
        {found && <span className="muted">{found.totalCount}</span>}
      </div>
      <div className="filters" role="search" aria-label="Environments">
        <SearchField label="Search environments by name" value={search} onChange={(q) => change({ q })} />
      </div>
      {error && <Notice title="The environments could not be read" detail={error.message} next="Applications still work." id={error.id} onRetry={again} />}
      {!found && !error && <Bone wide />}
      {found?.nodes.length === 0 && search && <Empty title="No environment matches" next="Look for another part of the name." />}
      {found?.nodes.length === 0 && !search && <Empty title="No environments yet" next={WHERE} command={HOW} />}
      {found?.nodes.length > 0 && (
        <>
          <Table caption="Environments" heads={["Environment", "Kind", "Where", "Applications", "Health"]} className="environments">
            {found.nodes.map((one) => (
              <Row key={one.id} environment={one} />
            ))}
          </Table>
          <details className="help-text">
            <summary className="muted">How to add or change one</summary>
            <p className="muted">{WHERE}</p>
            <pre>{HOW}</pre>
          </details>
        </>
      )}
      <Pager info={found?.pageInfo} total={found?.totalCount} onChange={change} />
    </>
  );
}

// A runtime tells of itself every few seconds, and of its environments with it: they are asked for again where that changed.
function useTold(again) {
  const seen = useRef(new Map());
  useStream("environment_changes", {}, {
    onEvent: ({ runtimes: { id, environments } }) => {
      const told = JSON.stringify(environments);
      if (seen.current.has(id) && seen.current.get(id) !== told) again();
      seen.current.set(id, told);
    },
  });
}

function Row({ environment }) {
  const { name, kind, places, problems, applicationsNum, healthStatuses } = environment;
  return (
    <tr data-name={name}>
      <th scope="row">
        <AppLink to={filtered({ environment: name })}>{name}</AppLink>
      </th>
      <td>{places.length > 0 && <EnvironmentKind kind={kind} />}</td>
      <td>
        <ul>
          {places.map((place) => (
            <li key={JSON.stringify(place)}>
              {place.runtime}: {place.cluster} <span className="muted">/ {place.namespaces.length ? place.namespaces.join(", ") : "all namespaces"}</span>
            </li>
          ))}
          {problems.map(({ runtime, message }) => (
            <li key={runtime + message} className="status status-red">
              <Icon name="alert" />
              <span>
                {runtime}: {message}. Correct it in Git.
              </span>
            </li>
          ))}
        </ul>
      </td>
      <td>{counted(applicationsNum)}</td>
      <td>
        <Healths counts={healthStatuses} />
      </td>
    </tr>
  );
}
