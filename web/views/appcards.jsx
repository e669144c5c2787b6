// Applications as cards, flat.
import { NoApplications, NothingFound, destinationOf, newest } from "./approws.jsx";
import { Choose, isSet, RowMenu, Star, Tag } from "./appparts.jsx";
import { AppLink, Bone, CommitLink, Moment } from "./kit.jsx";
import { placeOf } from "./place.js";
import { Health, Sync } from "./status.jsx";

export function Cards({ page, filtered, away, chosen, onChoose, onChange }) {
  const rows = page.data?.applications.nodes;
  if (!rows || (rows.length === 0 && !filtered && !page.data.always)) return <Bone wide />;
  if (rows.length === 0) return filtered || page.data.always.total > 0 ? <NothingFound onChange={onChange} /> : <NoApplications />;
  return (
    <ul className="cards" aria-label="Applications">
      {rows
        .map((row) => newest(row, page.news))
        .filter(Boolean)
        .map((row) => (
          <Card key={row.id} row={row} faded={away.has(row.metadata.runtime)} chosen={chosen.has(row.id)} onChoose={onChoose} />
        ))}
    </ul>
  );
}

const sourceOf = ({ specSources: [first, ...more] }) => {
  if (!first) return "no source";
  const what = `${first.repoURL.split("/").at(-1).replace(/\.git$/, "")}: ${first.chart ?? first.path ?? "."}`;
  return more.length ? `${what} and ${more.length} more` : what;
};

const deployedFacts = (row) => [
  ["Last sync", row.lastSync ? `${row.lastSync.phase}` : "never"],
  ["Last deployed", <Moment key="at" at={row.lastSync?.finishedAt} />],
  ["Source", sourceOf(row)],
  ["Destination", destinationOf(row)],
];

function Card({ row, faded, chosen, onChoose }) {
  const { name, runtime } = row.metadata;
  const facts = [
    ...(isSet(row) ? [["Generates", row.childrenNum === 1 ? "1 application" : `${row.childrenNum} applications`]] : deployedFacts(row)),
    ["Runtime", runtime],
    ...(row.parent ? [["Held by", <AppLink key="parent" className="above" to={placeOf(row.parent.metadata)}>{row.parent.metadata.name}</AppLink>]] : []),
  ];
  return (
    <li className={`card${faded ? " faded" : ""}`} data-application={name}>
      <div className="card-head">
        <Choose row={row} chosen={chosen} onChoose={onChoose} />
        <Star row={row} />
        <h2>
          <AppLink to={placeOf(row.metadata)} className="row-link">
            {name}
          </AppLink>
        </h2>
        <Tag row={row} />
        <RowMenu row={row} />
      </div>
      <div className="figures">
        <Health status={row.healthStatus} message={row.healthMessage} />
        <Sync status={row.syncStatus} />
      </div>
      {row.explanation && <p className="muted card-why">{row.explanation}</p>}
      {!isSet(row) && <CommitLink commit={row.commit} revision={row.revision} age />}
      <dl className="facts">
        {facts.map(([fact, value]) => (
          <div key={fact}>
            <dt>{fact}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}
