// What has just been done, with the commit that says so. Anybody calls `toast`; the frame shows them.
import { useEffect, useState, useSyncExternalStore } from "react";
import { announce, CommitLink, Icon } from "./kit.jsx";

const SHOWN_MS = 12_000;
const MOST = 3;
let toasts = [];
let count = 0;
const watchers = new Set();
const NONE = [];

function show(next) {
  toasts = next;
  watchers.forEach((tell) => tell());
}

// `link`: {href, text}, for what is not a commit (a pull request).
export function toast({ text, commit = null, link = null, tone = "green" }) {
  count += 1;
  announce(commit ? `${text}, commit ${commit.sha.slice(0, 7)}` : text);
  show([...toasts.slice(1 - MOST), { id: count, text, commit, link, tone }]);
}

const drop = (id) => show(toasts.filter((one) => one.id !== id));
const watch = (tell) => {
  watchers.add(tell);
  return () => watchers.delete(tell);
};

export function Toasts() {
  const shown = useSyncExternalStore(watch, () => toasts, () => NONE);
  return (
    <div className="toasts" role="region" aria-label="What was just done">
      {shown.map((one) => (
        <Toast key={one.id} {...one} />
      ))}
    </div>
  );
}

// Stays for as long as somebody reads it.
function Toast({ id, text, commit, link, tone }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return undefined;
    const timer = setTimeout(() => drop(id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [held, id]);
  return (
    <div className="toast" onMouseEnter={() => setHeld(true)} onMouseLeave={() => setHeld(false)} onFocus={() => setHeld(true)} onBlur={() => setHeld(false)}>
      <span className={`status status-${tone}`}>
        <Icon name={tone === "green" ? "done" : "info"} />
      </span>
      <div className="toast-text">
        <span>{text}</span>
        {commit && <CommitLink commit={commit} />}
        {link && /^https?:\/\//.test(link.href) && (
          <a href={link.href} target="_blank" rel="noreferrer">
            {link.text}
          </a>
        )}
      </div>
      <button type="button" className="button quiet icon-only" aria-label="Dismiss" onClick={() => drop(id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}
