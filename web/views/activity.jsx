// What has just happened or is under way: a pull-down in the top bar, kept current by a stream. Which of it was read is
// remembered by this browser, for each person. Its entries are made while it is open: every page has the menu, and they are
// ten times the elements of a small page.
import { useEffect, useMemo, useRef, useState } from "react";
import { announce, AppLink, CommitLink, Icon, Moment } from "./kit.jsx";
import { useClosing } from "./closing.js";
import { feed } from "./feed.js";
import { useAnswer } from "./live.js";
import { placeOf } from "./place.js";
import { byDay, joined, newest, ofKind } from "./told.js";

const WORDS = { Sync: "Syncs", Health: "Health", Application: "Applications", Change: "Changes" };
export const KINDS = Object.keys(WORDS);
const STATES = {
  IN_PROGRESS: ["blue", "refresh", "under way"],
  SUCCESS: ["green", "done", "done"],
  FAILED: ["red", "alert", "failed"],
};

const placeOfSeen = (name) => `argosy.activity.seen.${name}`;

function useSeen(name) {
  const [seen, setSeen] = useState(null);
  useEffect(() => {
    if (!name) return;
    const kept = localStorage.getItem(placeOfSeen(name)) ?? new Date().toISOString();
    localStorage.setItem(placeOfSeen(name), kept);
    setSeen(kept);
  }, [name]);
  const look = (time) => {
    localStorage.setItem(placeOfSeen(name), time);
    setSeen(time);
  };
  return [seen, look];
}

const useActivity = feed("activity", "activity_changes", {
  variables: { filters: null },
  begin: ({ notifications }) => notifications.nodes,
  fold: (entries, { notifications: told }) => joined(entries, told),
});

export function Activity({ name }) {
  const menu = useRef(null);
  const [open, setOpen] = useState(false);
  const [kind, setKind] = useState(null);
  const [fresh, setFresh] = useState(null); // what was new when the panel was opened stays marked
  const [seen, look] = useSeen(name);
  const { value, error } = useActivity(Boolean(name), ({ notifications: told }) => {
    if (menu.current?.open) look(newest([told]));
    if (told.state === "FAILED") announce(told.title);
  });
  const entries = useMemo(() => value ?? [], [value]);
  const older = useAnswer("activity", { filters: { kinds: [kind] } }, { enabled: kind !== null });
  const shown = useMemo(() => (kind ? ofKind(entries, kind, older.data?.notifications.nodes) : entries), [entries, kind, older.data]);
  useClosing(menu);
  const unread = seen ? entries.filter((one) => Date.parse(one.time) > Date.parse(seen)).length : 0;
  const toggle = () => {
    setOpen(menu.current.open);
    if (!menu.current.open) return setFresh(null);
    setFresh(seen);
    return look(newest(entries));
  };
  const days = useMemo(() => (open ? byDay(shown) : []), [open, shown]);
  if (!name) return <span className="bone" aria-hidden="true" />;
  return (
    <details className="menu activity" ref={menu} onToggle={toggle}>
      <summary data-key="b" className="button quiet" aria-label={unread ? `Activity, ${unread} new` : "Activity"} title="Activity">
        <Icon name="bell" />
        {unread > 0 && <span className="badge">{unread > 50 ? "50+" : unread}</span>}
      </summary>
      <section className="menu-body menu-right activity-body" aria-label="Activity">
        <div className="activity-head">
          <h2>Activity</h2>
          <div className="segments" role="group" aria-label="Kind">
            {[null, ...KINDS].map((one) => (
              <button key={one ?? "All"} type="button" className="button" aria-pressed={kind === one} onClick={() => setKind(one)}>
                {WORDS[one] ?? "All"}
              </button>
            ))}
          </div>
        </div>
        {(error ?? older.error) && <p className="problem pad">{(error ?? older.error).message}</p>}
        {(kind ? older.data : value) && shown.length === 0 && <p className="muted pad">Nothing has happened in the last two weeks.</p>}
        {days.map(([day, told]) => (
          <section key={day} aria-label={day}>
            <h3 className="muted pad">{day}</h3>
            <ul>
              {told.map((one) => (
                <Told key={one.id} told={one} fresh={fresh !== null && Date.parse(one.time) > Date.parse(fresh)} onLeave={() => (menu.current.open = false)} />
              ))}
            </ul>
          </section>
        ))}
      </section>
    </details>
  );
}

function Told({ told, fresh, onLeave }) {
  const [colour, icon, word] = STATES[told.state];
  const failed = told.state === "FAILED";
  return (
    <li className={`told${fresh ? " fresh" : ""}`}>
      <span className={`status status-${colour}`} title={word}>
        <span className={told.state === "IN_PROGRESS" ? "turning" : undefined}>
          <Icon name={icon} />
        </span>
        <span className="unseen">{word}</span>
      </span>
      <div className="told-text">
        {told.application ? (
          <span onClick={onLeave}>
            <AppLink to={`${placeOf(told.application)}${failed && told.kind === "Sync" ? "?tab=timeline" : ""}`}>{told.title}</AppLink>
          </span>
        ) : (
          <span>{told.title}</span>
        )}
        {told.commit && <CommitLink commit={told.commit} />}
        {told.message && (failed ? <p className="told-why">{told.message}</p> : <p className="muted told-why">{told.message}</p>)}
      </div>
      <span className="muted told-when">
        {fresh && <span className="unseen">new, </span>}
        <Moment at={told.time} />
      </span>
    </li>
  );
}
