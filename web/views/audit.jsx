// The audit log: the changelog of Git, filtered by what Git lets the viewer read.
import { useEffect, useRef, useState } from "react";
import { Bone, CommitLink, Empty, Icon, Moment, Notice } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { QueryLink, showQuery, useQuery, withChanges } from "./url.jsx";

const PAGE = 50;

function filtersOf(search) {
  const one = (key) => (search.get(key) ? [search.get(key)] : null);
  return { search: search.get("q"), actors: one("actor"), actions: one("action"), entityKinds: one("kind"), entityName: search.get("name"), runtimes: one("runtime"), since: startOf(search.get("from")), until: startOf(search.get("to"), 1) };
}

// Days of the viewer's clock, as moments.
function startOf(day, later = 0) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day ?? "")) return null;
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

const ACTIONS = ["CREATE", "EDIT", "DELETE", "SYNC", "ROLLBACK", "REFRESH", "TERMINATE", "PROMOTE", "COMMIT"];

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
  const chosen = ["actor", "kind", "name", "runtime"].filter((key) => search.get(key));
  return (
    <div className="filters" role="search" aria-label="Audit log">
      <div className="field">
        <Icon name="search" />
        <input type="search" data-key="/" aria-label="Search the audit log" placeholder="Search message, file, person" value={text} onChange={(event) => type(event.target.value)} />
      </div>
      <label className="select">
        <span className="muted">Action</span>
        <select value={search.get("action") ?? ""} onChange={(event) => change({ action: event.target.value })}>
          <option value="">any</option>
          {[...new Set([...ACTIONS, search.get("action")].filter(Boolean))].map((action) => (
            <option key={action} value={action}>
              {action === "COMMIT" ? "commit outside" : action.toLowerCase().replaceAll("_", " ")}
            </option>
          ))}
        </select>
      </label>
      {[
        ["from", "From"],
        ["to", "To"],
      ].map(([key, label]) => (
        <label key={key} className="select">
          <span className="muted">{label}</span>
          <input type="date" value={search.get(key) ?? ""} onChange={(event) => change({ [key]: event.target.value })} />
        </label>
      ))}
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
      <table className="rows flat stacks audit">
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
  const search = useQuery();
  const open = search.get("entry") === entry.id;
  const outside = entry.action === "COMMIT";
  const files = `${entry.files.join("\n")}${entry.filesTotal > entry.files.length ? `\nand ${entry.filesTotal - entry.files.length} more` : ""}`;
  return (
    <>
    <tr>
      <td>
        <QueryLink className="twist-link" changes={{ entry: open ? null : entry.id }} aria-expanded={open} aria-label={`Changes of ${entry.commit.sha.slice(0, 7)}`}>
          <Icon name={open ? "down" : "chevron"} />
        </QueryLink>
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
      <td title={entry.reason ?? undefined}>{entry.outcome ?? (outside ? null : <span className="muted">not known</span>)}</td>
      <td className={entry.signature.status === "INVALID" ? "problem" : "muted"} title={entry.signature.signer ?? undefined} data-label="signature">
        {entry.signature.status.toLowerCase()}
      </td>
    </tr>
    {open && (
      <tr className="audit-open">
        <td colSpan="7">
          <Changes entry={entry} />
        </td>
      </tr>
    )}
    </>
  );
}

const MARKS = { "+": "line-new", "-": "line-gone" };

// What the commit changed, file by file, asked of the runtime that reads the repository.
function Changes({ entry }) {
  const { data, error, again } = useAnswer("audit_changes", { id: entry.id });
  const files = data?.node?.changes;
  if (error && !files) return <Notice title="The changes could not be read" detail={error.message} next="They are in Git: follow the commit." id={error.id} onRetry={again} />;
  if (!data) return <Bone wide />;
  if (!files) return <Notice tone="grey" title="The changes could not be read" detail={data.partial?.message} next="The runtime that reads the repository has to be connected. They are in Git, too: follow the commit." />;
  return (
    <div className="audit-changes">
      {entry.reason && <p>{entry.reason}</p>}
      {files.map((file) => (
        <section key={file.path} aria-label={file.path}>
          <h2>
            <code>{file.path}</code> <span className="muted">{file.kind.toLowerCase()}{file.masked ? ", values of Secrets are hidden" : ""}</span>
          </h2>
          {file.note && <p className="muted">{file.note}</p>}
          {file.patch && (
            <div className="code" tabIndex={0} role="region" aria-label={`Difference in ${file.path}`}>
              {file.patch
                .split("\n")
                .filter((line) => !/^(---|\+\+\+) /.test(line))
                .map((line, index) => (
                  <div key={index} className={`code-line ${MARKS[line[0]] ?? ""}`}>
                    <span className="code-sign">{MARKS[line[0]] ? line[0] : ""}</span>
                    <span className="code-text">{MARKS[line[0]] || line[0] === " " ? line.slice(1) : line}</span>
                  </div>
                ))}
            </div>
          )}
        </section>
      ))}
      {entry.filesTotal > files.length && <p className="muted">{entry.filesTotal - files.length} more files are in the commit.</p>}
    </div>
  );
}
