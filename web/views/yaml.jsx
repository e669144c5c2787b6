// Manifests and differences, read-only: numbered lines, light colouring, differences as one column or two.
import { diffLines, diffWordsWithSpace } from "diff";
import { dump } from "js-yaml";
import { memo, useMemo } from "react";
import { Moment } from "./kit.jsx";
import { showQuery, useQuery, withChanges } from "./url.jsx";

const BLOCK = 100;
const LINE = /^(\s*(?:- )*)("[^"]*"|[^\s"'#][^:#]*?)(:)(?=\s|$)(.*)$/;
const NUMBER = /^\s+(-?\d[\d.]*|true|false|null)$/;

export const toYaml = (manifest) => dump(manifest, { noRefs: true, lineWidth: -1, noArrayIndent: true, quotingType: '"' });

export function withoutManaged(manifest) {
  if (!manifest?.metadata?.managedFields) return manifest;
  const { managedFields: _managed, ...metadata } = manifest.metadata;
  return { ...manifest, metadata };
}

function Coloured({ text }) {
  const found = LINE.exec(text);
  if (!found) return <span className="y-text">{text}</span>;
  const [, lead, key, colon, value] = found;
  return (
    <>
      {lead}
      <span className="y-key">{key}</span>
      {colon}
      <span className={NUMBER.test(value) ? "y-number" : "y-text"}>{value}</span>
    </>
  );
}

const Block = memo(function Block({ lines, first }) {
  return (
    <div className="code-block">
      {lines.map((text, index) => (
        <div className="code-line" key={index}>
          <span className="code-number" aria-hidden="true">
            {first + index}
          </span>
          <span className="code-text">
            <Coloured text={text} />
          </span>
        </div>
      ))}
    </div>
  );
});

export function Code({ text, label }) {
  const blocks = useMemo(() => {
    const lines = text.replace(/\n$/, "").split("\n");
    return Array.from({ length: Math.ceil(lines.length / BLOCK) }, (_, index) => lines.slice(index * BLOCK, (index + 1) * BLOCK));
  }, [text]);
  return (
    <div className="code" tabIndex={0} role="region" aria-label={label}>
      {blocks.map((lines, index) => (
        <Block key={index} lines={lines} first={index * BLOCK + 1} />
      ))}
    </div>
  );
}

// Rows of a difference: {kind: same|gone|new|changed, left, right}. Neighbouring removals and additions are paired.
export function differenceRows(before, after) {
  const rows = [];
  const parts = diffLines(before, after);
  const linesOf = (part) => part.value.replace(/\n$/, "").split("\n");
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index];
    const next = parts[index + 1];
    if (part.removed && next?.added) {
      const [gone, added] = [linesOf(part), linesOf(next)];
      for (let line = 0; line < Math.max(gone.length, added.length); line += 1) {
        rows.push({ kind: line < gone.length && line < added.length ? "changed" : line < gone.length ? "gone" : "new", left: gone[line], right: added[line] });
      }
      index += 1;
    } else {
      for (const text of linesOf(part)) {
        if (part.removed) rows.push({ kind: "gone", left: text });
        else if (part.added) rows.push({ kind: "new", right: text });
        else rows.push({ kind: "same", left: text, right: text });
      }
    }
  }
  return rows;
}

const CONTEXT = 3;

// Only what is near a change; the rest as gaps that say how much is left out.
export function compacted(rows) {
  const near = rows.map((_, index) => rows.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((row) => row.kind !== "same"));
  const result = [];
  rows.forEach((row, index) => {
    if (near[index]) result.push(row);
    else if (result.at(-1)?.kind === "gap") result.at(-1).count += 1;
    else result.push({ kind: "gap", count: 1 });
  });
  return result;
}

function Marked({ row, side }) {
  if (row.kind !== "changed") return row[side];
  const wanted = side === "left" ? "removed" : "added";
  return diffWordsWithSpace(row.left, row.right)
    .filter((part) => part[wanted] || (!part.added && !part.removed))
    .map((part, index) => (part[wanted] ? <mark key={index}>{part.value}</mark> : <span key={index}>{part.value}</span>));
}

const Line = ({ row, side }) => {
  const text = row[side];
  const kind = text === undefined ? "none" : row.kind === "same" ? "same" : side === "left" ? "gone" : "new";
  const sign = { gone: "−", new: "+" }[kind] ?? " ";
  return (
    <div className={`code-line line-${kind}`}>
      <span className="code-sign" aria-hidden="true">
        {sign}
      </span>
      <span className="code-text">
        {kind === "gone" && <span className="unseen">removed: </span>}
        {kind === "new" && <span className="unseen">added: </span>}
        {text === undefined ? "" : <Marked row={row} side={side} />}
      </span>
    </div>
  );
};

const Gap = ({ count }) => <div className="code-gap">{`${count} equal ${count === 1 ? "line" : "lines"}`}</div>;

function Unified({ rows }) {
  return rows.map((row, index) => {
    if (row.kind === "gap") return <Gap key={index} count={row.count} />;
    if (row.kind === "same") return <Line key={index} row={row} side="left" />;
    return (
      <div key={index}>
        {row.left !== undefined && <Line row={row} side="left" />}
        {row.right !== undefined && <Line row={row} side="right" />}
      </div>
    );
  });
}

const Split = ({ rows }) => (
  <div className="split">
    {rows.map((row, index) =>
      row.kind === "gap" ? (
        <Gap key={index} count={row.count} />
      ) : (
        <div className="split-row" key={index}>
          <Line row={row} side="left" />
          <Line row={row} side="right" />
        </div>
      ),
    )}
  </div>
);

// What a sync would change in one object: fields with who wrote them last, then the text.
export function Difference({ diff, label, caption }) {
  const fields = diff.changes.filter((change) => change.path); // no path: the object as a whole is new or goes
  const rows = useMemo(() => {
    const text = (manifest) => (manifest ? toYaml(withoutManaged(manifest)) : "");
    return diff.normalizedLive || diff.predictedLive ? differenceRows(text(diff.normalizedLive), text(diff.predictedLive)) : [];
  }, [diff]);
  return (
    <section aria-label={label} className="difference">
      {fields.length > 0 && <Fields changes={fields} />}
      {rows.length > 0 && <Text rows={rows} label={label} caption={caption} />}
    </section>
  );
}

// Two texts, the file in Git and what it becomes.
export function TextDiff({ before, after, label, caption }) {
  const rows = useMemo(() => differenceRows(before, after), [before, after]);
  return rows.every(({ kind }) => kind === "same") ? <p className="muted">Nothing differs.</p> : <Text rows={rows} label={label} caption={caption} wholeName="Whole file" />;
}

function Text({ rows, label, caption = "live → after a sync", wholeName = "Whole object" }) {
  const search = useQuery();
  const [split, whole] = [search.get("diff") === "split", search.get("lines") === "all"];
  const arrange = (changes) => showQuery(withChanges(new URLSearchParams(location.search), changes), { replace: true });
  const shownRows = whole ? rows : compacted(rows);
  return (
    <>
      <div className="tools">
        <div className="segments" role="group" aria-label="Arrangement">
          <button type="button" className="button small" aria-pressed={!split} onClick={() => arrange({ diff: null })}>
            Inline
          </button>
          <button type="button" className="button small" aria-pressed={split} onClick={() => arrange({ diff: "split" })}>
            Split
          </button>
        </div>
        <label className="check">
          <input type="checkbox" checked={whole} onChange={(event) => arrange({ lines: event.target.checked ? "all" : null })} />
          {wholeName}
        </label>
        <span className="muted">{caption}</span>
      </div>
      <div className="code" tabIndex={0} role="region" aria-label={`${label}, as text`}>
        {split ? <Split rows={shownRows} /> : <Unified rows={shownRows} />}
      </div>
    </>
  );
}

const shown = (value) => (value === null || value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value));

function Fields({ changes }) {
  return (
    <table className="rows flat fields">
      <caption className="unseen">Fields that differ</caption>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Live</th>
          <th scope="col">In Git</th>
          <th scope="col">Written by</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.path}>
            <th scope="row">
              <code>{change.path}</code>
            </th>
            <td title={shown(change.live)}>
              <code>{shown(change.live)}</code>
            </td>
            <td title={shown(change.desired)}>
              <code>{shown(change.desired)}</code>
            </td>
            <td>
              {change.manager ?? <span className="muted">not recorded</span>}{" "}
              {change.changedAt && (
                <span className="muted">
                  <Moment at={change.changedAt} />
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Manifest({ manifest, hidden, label }) {
  const text = useMemo(() => toYaml(hidden ? withoutManaged(manifest) : manifest), [manifest, hidden]);
  return <Code text={text} label={label} />;
}
