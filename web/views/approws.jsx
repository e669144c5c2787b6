// Applications as rows: one below the other, or as a tree of Git Sources, ApplicationSets and what they hold.
import { memo, useDeferredValue, useMemo, useState } from "react";
import { AppLink, Bone, CommitLink, Empty, Icon, Moment } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { Choose, isSet, RowMenu, Star, Tag } from "./appparts.jsx";
import { CLEARED, grouped, isStandardSort, nextSort, sortText } from "./filters.js";
import { placeOf } from "./place.js";
import { Health, Sync } from "./status.jsx";

const COLUMNS = [
  { key: "name", label: "Application" },
  { key: "health", label: "Health" },
  { key: "sync", label: "Sync" },
  { label: "Revision", className: "wide-only" },
  { key: "runtime", label: "Runtime", className: "wide-only" },
  { key: "cluster", label: "Destination", className: "wide-only" },
  { key: "deployed", label: "Last deployed", className: "mid-only" },
];
const CHILDREN_AT_ONCE = 100;
const LOWEST_ROW_PX = 32;

const fine = (row) => row.healthStatus === "HEALTHY" && row.syncStatus === "SYNCED";

export const destinationOf = (row) => [row.metadata.cluster ?? row.destination.name ?? row.destination.server, row.destination.namespace].filter(Boolean).join(" / ");

// What the stream told since: null when it is gone.
export const newest = (row, news) => {
  const told = news.get(row.id);
  if (told === undefined) return row;
  return told && { ...told, parent: row.parent, metadata: { ...told.metadata, favorite: row.metadata.favorite } };
};

export function Table({ page, tree, sort, filtered, away, chosen, onChoose, onChange }) {
  const rows = page.data?.applications.nodes;
  const [turned, setTurned] = useState(new Set()); // opened where all are shut, shut where all are open
  const lines = useMemo(() => (rows ? linesOf(rows, page.news, { tree, whole: page.whole, turned }) : []), [rows, page.news, tree, page.whole, turned]);
  const drawn = useScreenFirst(lines, page.answers?.key);
  if (rows?.length === 0 && (filtered || page.data.always)) return filtered || page.data.always.total > 0 ? <NothingFound onChange={onChange} /> : <NoApplications />;
  const turn = (id) =>
    setTurned((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const mine = lines.filter((line) => !line.context && !isSet(line.row)).map((line) => line.row);
  const all = mine.length > 0 && mine.every((row) => chosen.has(row.id));
  const line = { page, away, chosen, onChoose, turned, onTurn: turn };
  return (
    <table className="rows applications" aria-busy={!rows || drawn !== lines}>
      <caption className="unseen">Applications</caption>
      <thead>
        <tr>
          <th scope="col" className="star-cell">
            <input type="checkbox" aria-label="Choose all that are shown" checked={all} onChange={() => onChoose(mine, !all)} />
          </th>
          {COLUMNS.map((column) => (
            <Head key={column.label} column={column} sort={sort} onChange={onChange} />
          ))}
          <th scope="col" className="menu-cell mid-only">
            <span className="unseen">More</span>
          </th>
        </tr>
      </thead>
      {rows ? drawn.map((entry) => <Line key={entry.row.id} {...entry} {...line} />) : <Bones />}
    </table>
  );
}

// Of another selection the rows that fill the screen are drawn first and the others right after: people wait for those they see.
function useScreenFirst(lines, selection) {
  return useDeferredValue(selection) === selection ? lines : lines.slice(0, Math.ceil(window.innerHeight / LOWEST_ROW_PX));
}

function linesOf(rows, news, { tree, whole, turned }) {
  const present = rows.map((row) => newest(row, news)).filter(Boolean);
  if (!tree || whole) return present.map((row) => ({ row, depth: 0, lazy: tree }));
  const lines = [];
  let shutAt = null;
  for (const entry of grouped(present)) {
    if (shutAt !== null && entry.depth > shutAt) continue;
    shutAt = entry.open && turned.has(entry.row.id) ? entry.depth : null;
    lines.push({ ...entry, lazy: !entry.open });
  }
  return lines;
}

function Line({ row, depth, context, open, lazy, page, away, chosen, onChoose, turned, onTurn }) {
  const holds = lazy && row.childrenNum > 0;
  const expanded = open ? !turned.has(row.id) : holds && turned.has(row.id);
  return (
    <>
      <Row
        row={row}
        depth={depth}
        context={context}
        twist={open || holds ? expanded : null}
        touched={page.touched[row.id] ?? 0}
        faded={away.has(row.metadata.runtime)}
        chosen={chosen.has(row.id)}
        onChoose={onChoose}
        onTurn={onTurn}
      />
      {holds && expanded && <Children holder={row} depth={depth + 1} page={page} away={away} chosen={chosen} onChoose={onChoose} turned={turned} onTurn={onTurn} />}
    </>
  );
}

function Children({ holder, depth, page, ...rest }) {
  const { runtime, namespace, name } = holder.metadata;
  const kind = isSet(holder) ? holder.kind : null;
  const { data, error } = useAnswer("application_children", { runtime, namespace, name, kind, pagination: { first: CHILDREN_AT_ONCE } }, { stamp: page.turn });
  const found = data?.application?.children;
  if (error && !found) return <Remark depth={depth}>{error.message}</Remark>;
  if (!found) return <Remark depth={depth}>{<Bone wide />}</Remark>;
  const rows = found.nodes.filter((row) => row.id !== holder.id).map((row) => newest(row, page.news)).filter(Boolean);
  return (
    <>
      {rows.map((row) => (
        <Line key={row.id} row={row} depth={depth} lazy page={page} {...rest} />
      ))}
      {found.totalCount > CHILDREN_AT_ONCE && <Remark depth={depth}>{found.totalCount - CHILDREN_AT_ONCE} more; search for them by name.</Remark>}
    </>
  );
}

const Remark = ({ depth, children }) => (
  <tbody>
    <tr>
      <td />
      <td colSpan="8" className="muted" style={{ "--depth": depth }}>
        <span className="indent" />
        {children}
      </td>
    </tr>
  </tbody>
);

function Head({ column, sort, onChange }) {
  if (!column.key) {
    return (
      <th scope="col" className={column.className}>
        {column.label}
      </th>
    );
  }
  const active = sort.key === column.key;
  const text = sortText(nextSort(sort, column.key));
  return (
    <th scope="col" className={column.className} aria-sort={active ? `${sort.order}ending` : undefined}>
      <button type="button" className="sort" onClick={() => onChange({ sort: isStandardSort(text) ? null : text })}>
        {column.label}
        {active && <span aria-hidden="true">{sort.order === "asc" ? "↑" : "↓"}</span>}
      </button>
    </th>
  );
}

const Row = memo(function Row({ row, depth, context, twist, touched, faded, chosen, onChoose, onTurn }) {
  const { name } = row.metadata;
  return (
    <tbody className={`app${touched ? ` tint-${touched % 2}` : ""}${faded ? " faded" : ""}${context ? " context" : ""}`} data-application={name} data-set={isSet(row) || undefined}>
      <tr>
        <td className="star-cell">
          <Choose row={row} chosen={chosen} onChoose={onChoose} />
          <Star row={row} />
        </td>
        <th scope="row" style={{ "--depth": depth }}>
          <span className="indent" />
          {twist !== null && (
            <button type="button" className="twist above" aria-expanded={twist} aria-label={`What ${name} holds`} onClick={() => onTurn(row.id)}>
              <Icon name={twist ? "down" : "chevron"} />
            </button>
          )}
          <AppLink to={placeOf(row.metadata)} className="row-link">
            {name}
          </AppLink>
          <Tag row={row} />
        </th>
        <td>
          <Health status={row.healthStatus} message={row.healthMessage} />
        </td>
        <td>
          <Sync status={row.syncStatus} />
        </td>
        <td className="wide-only">
          {isSet(row) ? <span className="muted">generates {row.childrenNum === 1 ? "1 application" : `${row.childrenNum} applications`}</span> : <CommitLink commit={row.commit} revision={row.revision} age />}
        </td>
        <td className="wide-only">{row.metadata.runtime}</td>
        <td className="wide-only clip">{isSet(row) ? "" : destinationOf(row)}</td>
        <td className="mid-only">{!isSet(row) && <Moment at={row.lastSync?.finishedAt} />}</td>
        <td className="menu-cell mid-only">
          <RowMenu row={row} />
        </td>
      </tr>
      {!fine(row) && row.explanation && (
        <tr className="why">
          <td />
          <td colSpan="8" style={{ "--depth": depth }}>
            <span className="indent" />
            {row.explanation}
          </td>
        </tr>
      )}
    </tbody>
  );
});

function Bones() {
  return Array.from({ length: 8 }, (_, index) => (
    <tbody key={index}>
      <tr>
        <td />
        <td>
          <Bone wide />
        </td>
        {COLUMNS.slice(1).map((column) => (
          <td key={column.label} className={column.className}>
            <Bone />
          </td>
        ))}
        <td className="mid-only" />
      </tr>
    </tbody>
  ));
}

export const NothingFound = ({ onChange }) => (
  <Empty title="No application matches" next="Take a filter away, or clear them all.">
    <button type="button" className="button" onClick={() => onChange({ ...CLEARED, since: "any" })}>
      Clear all filters
    </button>
  </Empty>
);

export const NoApplications = () => (
  <Empty
    title="No applications yet"
    next="Applications appear by themselves once a Git Source holds their manifests. Commit one and push it:"
    command={"git add my-application.yaml\ngit commit -m 'Add my application'\ngit push"}
  />
);
