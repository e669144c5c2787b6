// A runtime's own log by part: its newest lines, searched here, downloaded whole.
import { useMemo, useState } from "react";
import { Bone, Empty, Icon, Notice } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { componentsOf, parsed, shortName } from "./runtimelog.js";
import { clock, exact } from "./time.js";
import { showQuery, useQuery, withChanges } from "./url.jsx";

const LINES = 1000;
const COLOURS = { error: "status-red", critical: "status-red", warning: "status-amber" };

export function RuntimeLogs({ runtime }) {
  const component = useQuery().get("component");
  const [text, setText] = useState("");
  const { data, error, loading, again } = useAnswer("runtime_log", { runtime, component: null, lines: LINES });
  const lines = data?.runtimeLog;
  const shown = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    return (lines ?? []).filter((line) => !component || line.component === component).map(parsed).filter(({ words, level }) => `${level} ${words}`.toLowerCase().includes(wanted));
  }, [lines, component, text]);
  if (error && !lines) return <Notice title="The log could not be read" detail={error.message} next="It is on standard error of the runtime's own process, too." id={error.id} onRetry={again} />;
  if (!lines) return <Bone wide />;
  const choose = (value) => showQuery(withChanges(new URLSearchParams(location.search), { component: value }), { replace: true });
  const place = `/runtimes/${encodeURIComponent(runtime)}/logs`;
  return (
    <div className="logs">
      <div className="tools">
        <select aria-label="Part" value={component ?? ""} onChange={(event) => choose(event.target.value || null)}>
          <option value="">all parts</option>
          {componentsOf(lines).map((name) => (
            <option key={name} value={name}>
              {shortName(name)}
            </option>
          ))}
        </select>
        <div className="field">
          <Icon name="search" />
          <input type="search" data-key="/" aria-label="Search the log" placeholder="Search" value={text} onChange={(event) => setText(event.target.value)} />
        </div>
        <button type="button" className="button" data-key="r" disabled={loading} onClick={again}>
          <Icon name="refresh" />
          Read again
        </button>
        <a className="button" href={place} download>
          <Icon name="download" />
          All parts
        </a>
        {component && (
          <a className="button" href={`${place}?component=${encodeURIComponent(component)}`} download={`${runtime}-${shortName(component)}.log`}>
            <Icon name="download" />
            This part
          </a>
        )}
        <span className="muted">
          {shown.length} of the newest {lines.length} lines
        </span>
      </div>
      {!shown.length && <Empty title="No line fits" next="Clear the search, or choose another part." />}
      {shown.length > 0 && (
        <div className="code log runtime-log wrapped" tabIndex={0} role="log" aria-live="off" aria-label={`Log of runtime ${runtime}`}>
          <div className="code-block">
            {shown.map(({ at, level, component: part, words }, index) => (
              <div className="code-line" key={index}>
                {at && (
                  <time className="log-time" dateTime={at} title={exact(at)}>
                    {clock(at)}
                  </time>
                )}
                <span className={`log-level ${COLOURS[level] ?? "muted"}`}>{level}</span>
                {!component && <span className="muted">{shortName(part)}</span>}
                <span className="code-text">{words}</span>
              </div>
            ))}
          </div>
        </div>
      )}
    </div>
  );
}
