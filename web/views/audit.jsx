// The audit log: the changelog of Git, filtered by what Git lets the viewer read.
import { useEffect, useRef, useState } from "react";
import { Bone, CommitLink, Empty, Icon, Moment, Notice } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { QueryLink, showQuery, useQuery, withChanges } from "./url.jsx";

const PAGE = 50;

function filtersOf(search) {
  const one = (key) => (search.get(key) ? [search.get(key)] : null);
  return { search: search.get("q"), actors: one("actor"), actions: one("action"), entityKinds: one("kind"), entityName: search.get("name"), runtimes: one("runtime") };
}

// The export takes the filters by the names that the API gives them.
export function exportAddress(filters, format) {
  const query = new URLSearchParams({ format });
  for (const [key, value] of Object.entries(filters)) for (const each of [value].flat()) if (each) query.append(key, each);
  return `/audit/export?${query}`;
}

export function Audit() {
  const search = useQuery();
  const filters = filtersOf(search);
  const pagination = search.get("before") ? { last: PAGE, before: search.get("before") } : { first: PAGE, after: search.get("after") };
  const { data, error, again } = useAnswer("audit", { filters, pagination });
  const log = data?.auditLog;
  return (
    <>
      <div className="page-head">
        <h1>Audit</h1>
        {log && <span className="muted">{log.totalCount} commits</span>}
        <div className="grow" />
        {["csv", "json"].map((format) => (
          <a key={format} className="button" href={exportAddress(filters, format)} download>
            <Icon name="download" />
            {format.toUpperCase()}
          </a>
        ))}
      </div>
      <Filters search={search} />
      {error && <Notice title="The audit log could not be read" detail={error.message} next="It can be read in Git itself at any time: it is the changelog." id={error.id} onRetry={again} />}
      {!log && !error && <Bone wide />}
      {log?.nodes.length === 0 && <Empty title="No commits" next="Nothing that you may read fits these filters." />}
      {log?.nodes.length > 0 && <Log log={log} />}
    </>
  );
}

function Filters({ search }) {
  const [text, setText] = useState(search.get("q") ?? "");
  const timer = useRef(0);
  useEffect(() => setText(search.get("q") ?? ""), [search]);
  const change = (changes) => showQuery(withChanges(new URLSearchParams(location.search), { after: null, before: null, ...changes }), { replace: true });
  const type = (next) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => change({ q: next }), 200);
  };
  const chosen = ["actor", "action", "kind", "name", "runtime"].filter((key) => search.get(key));
  return (
    <div className="filters" role="search" aria-label="Audit log">
      <div className="field">
        <Icon name="search" />
        <input type="search" data-key="/" aria-label="Search the audit log" placeholder="Search message, file, person" value={text} onChange={(event) => type(event.target.value)} />
      </div>
      {chosen.map((key) => (
        <button key={key} type="button" className="button chosen" onClick={() => change({ [key]: null })} aria-label={`Remove the filter ${key}`}>
          {key}: {search.get(key)}
          <Icon name="close" />
        </button>
      ))}
    </div>
  );
}

const pick = (key, value) => ({ [key]: value, after: null, before: null });

function Log({ log }) {
  const { pageInfo } = log;
  return (
    <>
      <table className="rows audit">
        <caption className="unseen">Commits, newest first</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">Action</th>
            <th scope="col">What</th>
            <th scope="col" className="audit-commit">Commit</th>
            <th scope="col">Outcome</th>
            <th scope="col">Signature</th>
          </tr>
        </thead>
        <tbody>
          {log.nodes.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </tbody>
      </table>
      <div className="pager">
        {pageInfo.hasPrevPage && <QueryLink className="button" changes={{ before: pageInfo.startCursor, after: null }}>Newer</QueryLink>}
        {pageInfo.hasNextPage && <QueryLink className="button" changes={{ after: pageInfo.endCursor, before: null }}>Older</QueryLink>}
      </div>
    </>
  );
}

function Entry({ entry }) {
  const outside = entry.action === "COMMIT";
  const files = `${entry.files.join("\n")}${entry.filesTotal > entry.files.length ? `\nand ${entry.filesTotal - entry.files.length} more` : ""}`;
  return (
    <tr>
      <td>
        <Moment at={entry.commit.date} />
      </td>
      <th scope="row">
        <QueryLink changes={pick("actor", entry.actor.name)} title={entry.actor.email}>
          {entry.actor.name}
        </QueryLink>
      </th>
      <td>
        <QueryLink changes={pick("action", entry.action)} className={outside ? "muted" : undefined}>
          {outside ? "commit" : entry.action.toLowerCase()}
        </QueryLink>
      </td>
      <td title={files}>
        {entry.entityName ? (
          <QueryLink changes={pick("name", entry.entityName)}>
            {entry.entityKind} {entry.entityName}
          </QueryLink>
        ) : (
          <span className="muted">
            {entry.filesTotal} {entry.filesTotal === 1 ? "file" : "files"}
          </span>
        )}
      </td>
      <td className="audit-commit">
        <CommitLink commit={entry.commit} />
      </td>
      <td title={entry.reason ?? undefined}>{entry.outcome ?? <span className="muted">{outside ? "" : "not known"}</span>}</td>
      <td className={entry.signature.status === "INVALID" ? "problem" : "muted"} title={entry.signature.signer ?? undefined}>
        {entry.signature.status.toLowerCase()}
      </td>
    </tr>
  );
}
