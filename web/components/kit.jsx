// Small stateless pieces used by every page: icons, moments, commits, notices, empty and loading looks.
import { useEffect, useState, useSyncExternalStore } from "react";
import { Link } from "react-router";
import { age, clock, exact, nextChange, zone } from "./time.js";

const ICONS = {
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9Zm3.4 7.9L14 14",
  close: "m4 4 8 8m0-8-8 8",
  chevron: "m6 4 4 4-4 4",
  full: "M9.5 2.5h4v4M13.5 2.5 9 7M6.5 13.5h-4v-4M2.5 13.5 7 9",
  next: "m6 4 4 4-4 4",
  down: "m4 6 4 4 4-4",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  refresh: "M13.4 6.5A5.6 5.6 0 0 0 3.2 5M2.6 9.5A5.6 5.6 0 0 0 12.8 11M3 2v3.2h3.2M13 14v-3.2H9.8",
  sync: "M8 13V3M4 7l4-4 4 4",
  alert: "M8 2.2 14.4 13.5H1.6ZM8 6.5v3M8 11.4v.1",
  info: "M8 1.75a6.25 6.25 0 1 1 0 12.5 6.25 6.25 0 0 1 0-12.5ZM8 7.3v3.7M8 5v.1",
  moon: "M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3Z",
  sun: "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M13 3l-1.1 1.1M4.1 11.9 3 13",
  star: "m8 1.9 1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.7l-3.8 2 .7-4.3-3.1-3 4.3-.6Z",
  download: "M8 2.5v7.5M4.5 7 8 10.5 11.5 7M3 13.5h10",
  link: "M9 2.5h4.5V7M13.5 2.5 7.5 8.5M6.5 3.5h-4v10h10v-4",
  workload: "m8 1.8 5.6 3.1v6.2L8 14.2l-5.6-3.1V4.9ZM2.4 4.9 8 8l5.6-3.1M8 8v6.2",
  pod: "M8 1.8 13.6 5v6L8 14.2 2.4 11V5Z",
  network: "M8 2.2v4M3.5 13.8V10h9v3.8M8 6.2V10M6.5 2.2h3M2 13.8h3M11 13.8h3",
  config: "M3.5 1.8h6l3 3v9.4h-9ZM9.5 1.8v3h3M5.5 8h5M5.5 10.8h5",
  storage: "M2.5 4c0-1.2 2.5-2 5.5-2s5.5.8 5.5 2v8c0 1.2-2.5 2-5.5 2s-5.5-.8-5.5-2ZM2.5 4c0 1.2 2.5 2 5.5 2s5.5-.8 5.5-2M2.5 8c0 1.2 2.5 2 5.5 2s5.5-.8 5.5-2",
  access: "M8 1.8 13 3.5v4.2c0 3-2 5.3-5 6.5-3-1.2-5-3.5-5-6.5V3.5Z",
  application: "M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z",
  thing: "M3 3h10v10H3z",
  signal: "M3.5 13v-2.5M8 13V7.5M12.5 13V3.5",
  done: "m3 8.5 3.2 3.2L13 4.8",
  play: "M4.5 2.8v10.4L13 8Z",
  pause: "M5 3v10M11 3v10",
  skip: "M3.5 3v10L10 8ZM12.5 3v10",
  forward: "M2.5 3.5v9L8 8ZM8 3.5v9L13.5 8Z",
  stop: "M3.5 3.5h9v9h-9Z",
  back: "M6 3.5 2.5 7 6 10.5M2.5 7h7a4 4 0 0 1 0 8H8",
  edit: "M2.5 13.5 3.3 10 11 2.3l2.7 2.7L6 12.7Z",
  trash: "M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 6a2 2 0 1 1 0 4 2 2 0 0 1 0-4Z",
  bell: "M8 2a4 4 0 0 1 4 4v3l1.5 2.5h-11L4 9V6a4 4 0 0 1 4-4ZM6.5 13.5h3",
  list: "M2.5 4h11M2.5 8h11M2.5 12h11",
  tree: "M3 2.5v8.5h4M3 6h4M9 4.5h4.5v3H9zM9 9.5h4.5v3H9z",
  cards: "M2.5 2.5h11v4.5h-11zM2.5 9h11v4.5h-11z",
  more: "M3 8a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0ZM7.5 8a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0ZM12 8a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0Z",
};

export function Icon({ name, filled = false }) {
  return (
    <svg viewBox="0 0 16 16" className={`icon${filled ? " filled" : ""}`} aria-hidden="true">
      <path d={ICONS[name] ?? ICONS.thing} />
    </svg>
  );
}

// False only for what was drawn when the console was built: its clock and its zone are not the viewer's.
const nothing = () => () => {};
const useHere = () => useSyncExternalStore(nothing, () => true, () => false);

// "12 min ago", with the exact moment and zone on hover. Keeps itself current.
export function Moment({ at }) {
  const here = useHere();
  const [, turn] = useState(0);
  useEffect(() => {
    if (!at) return undefined;
    const timer = setTimeout(() => turn((count) => count + 1), nextChange(at));
    return () => clearTimeout(timer);
  });
  if (!at) return <span className="muted">never</span>;
  if (!here) return <time dateTime={at}>{at}</time>;
  return (
    <time dateTime={at} title={`${exact(at)} ${zone()}`}>
      {age(at)}
    </time>
  );
}

export const shortSha = (sha) => (/^[0-9a-f]{12,}$/.test(sha ?? "") ? sha.slice(0, 7) : sha);

// Short id, first line of the message, author; opens on the Git host where that is known.
export function CommitLink({ commit, revision, age: withAge = false }) {
  const here = useHere();
  const sha = commit?.sha ?? revision;
  if (!sha) return <span className="muted">no revision yet</span>;
  const subject = commit?.message?.split("\n")[0];
  const title = commit && here ? `${sha}\n${commit.message}\n${commit.author.name} · ${exact(commit.date)} ${zone()}` : sha;
  const id = <code>{shortSha(sha)}</code>;
  const safe = commit?.url && /^https?:\/\//.test(commit.url);
  return (
    <span className="commit" title={title}>
      {safe ? (
        <a className="above" href={commit.url} target="_blank" rel="noreferrer">
          {id}
        </a>
      ) : (
        id
      )}
      {subject && <span className="commit-subject">{subject}</span>}
      {commit && (
        <span className="commit-by">
          {commit.author.name}
          {withAge && (
            <>
              {" · "}
              <Moment at={commit.date} />
            </>
          )}
        </span>
      )}
    </span>
  );
}

export function CopyId({ value }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <button type="button" className="button quiet small copy-id" onClick={copy} aria-label={`Copy ${value}`}>
      <Icon name="copy" />
      <code>{value}</code>
      <span className="muted">{copied ? "copied" : ""}</span>
    </button>
  );
}

// What happened, what still works, what to do; with an id to hand on.
export function Notice({ tone = "red", title, detail, next, id, onRetry }) {
  return (
    <div className={`notice notice-${tone}`} role={tone === "red" ? "alert" : undefined}>
      <Icon name={tone === "grey" ? "info" : "alert"} />
      <div>
        <strong>{title}</strong>
        {detail && <p>{detail}</p>}
        {next && <p className="muted">{next}</p>}
        <div className="actions">
          {onRetry && (
            <button type="button" className="button small" onClick={onRetry}>
              Try again
            </button>
          )}
          {id && <CopyId value={id} />}
        </div>
      </div>
    </div>
  );
}

export function Empty({ title, next, command, children }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {next && <p>{next}</p>}
      {command && <pre>{command}</pre>}
      {children}
    </div>
  );
}

// Data that no longer moves: since when, and why.
export function Stale({ since, reason }) {
  const here = useHere();
  return (
    <p className="stale" role="status">
      <Icon name="info" />
      <span>
        as of {since ? (here ? clock(since) : since) : "an unknown time"}
        {reason ? `, ${reason}` : ""}
      </span>
    </p>
  );
}

export function Bone({ wide = false }) {
  return <span className={`bone${wide ? " wide" : ""}`} aria-hidden="true" />;
}

export function AppLink({ to, className, children, current }) {
  return (
    <Link to={to} className={className} aria-current={current ? "page" : undefined}>
      {children}
    </Link>
  );
}

// One polite live region for the whole console; the frame renders it, anybody may speak.
export function announce(text) {
  const region = document.getElementById("announcements");
  if (region) region.textContent = text;
}
