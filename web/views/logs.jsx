// Logs of one container as they come: follow, search with next and previous, wrap, download. Lines are kept in blocks, so that a
// new line draws one block and blocks out of sight cost nothing.
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { Empty, Icon, Notice } from "./kit.jsx";
import { useAnswer, useStream } from "./live.js";
import { clock, exact } from "./time.js";

const BLOCK = 100;
const MOST_LINES = 10_000;
const FLUSH_MILLISECONDS = 100;
const OVER = new Set(["Completed", "Succeeded"]); // what still runs is looked at first

// Blocks of lines; only the last one is ever replaced.
export function appended(blocks, lines) {
  const next = [...blocks];
  for (const line of lines) {
    const last = next.at(-1);
    if (last && last.lines.length < BLOCK) next[next.length - 1] = { ...last, lines: [...last.lines, line] };
    else next.push({ first: last ? last.first + last.lines.length : 0, lines: [line] });
  }
  const most = MOST_LINES / BLOCK;
  return next.length > most ? next.slice(-most) : next;
}

function useLines(application, pod, container) {
  const [blocks, setBlocks] = useState([]);
  const [end, setEnd] = useState(null);
  const waiting = useRef([]);
  const key = JSON.stringify([application, pod, container]);
  useEffect(() => {
    setBlocks([]);
    setEnd(null);
    waiting.current = [];
    const timer = setInterval(() => {
      if (!waiting.current.length) return;
      const lines = waiting.current;
      waiting.current = [];
      setBlocks((before) => appended(before, lines));
    }, FLUSH_MILLISECONDS);
    return () => clearInterval(timer);
  }, [key]);
  const failure = useStream("pod_logs", { application, pod, container, tailLines: 500, follow: true }, {
    enabled: Boolean(pod) && !end,
    onEvent: ({ podLogs: entry }) => {
      if (entry.error) setEnd({ error: entry.error });
      else if (entry.last) setEnd({});
      if (entry.content) waiting.current.push(entry);
    },
  });
  return { blocks, end, failure };
}

function Highlighted({ text, wanted }) {
  if (!wanted) return text;
  const parts = [];
  const lower = text.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + wanted.length)}</mark>);
    from = at + wanted.length;
  }
  parts.push(text.slice(from));
  return parts;
}

const Block = memo(function Block({ block, wanted, current }) {
  return (
    <div className="code-block">
      {block.lines.map((entry, index) => (
        <div className={`code-line${current === block.first + index ? " current" : ""}`} key={block.first + index} data-line={block.first + index}>
          {entry.timestamp && (
            <time className="log-time" dateTime={entry.timestamp} title={exact(entry.timestamp)}>
              {clock(entry.timestamp)}
            </time>
          )}
          <span className="code-text">
            <Highlighted text={entry.content} wanted={wanted} />
          </span>
        </div>
      ))}
    </div>
  );
});

function useSearch(blocks, box) {
  const [text, setText] = useState("");
  const [step, setStep] = useState(0);
  const wanted = text.trim().toLowerCase();
  const hits = useMemo(
    () => (wanted ? blocks.flatMap((block) => block.lines.flatMap((entry, index) => (entry.content.toLowerCase().includes(wanted) ? [block.first + index] : []))) : []),
    [blocks, wanted],
  );
  const at = hits.length ? ((step % hits.length) + hits.length) % hits.length : -1;
  const current = hits[at] ?? null;
  useEffect(() => {
    if (current !== null) box.current?.querySelector(`[data-line="${current}"]`)?.scrollIntoView({ block: "center" });
  }, [current]);
  const write = (next) => {
    setText(next);
    setStep(0);
  };
  return { text, write, wanted, hits, at, current, go: (by) => setStep((before) => before + by) };
}

function SearchField({ search }) {
  const onKey = (event) => {
    if (event.key === "Enter") search.go(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape" && search.text) {
      search.write("");
      event.stopPropagation();
    } else return;
    event.preventDefault();
  };
  return (
    <span className="field find">
      <Icon name="search" />
      <input type="search" aria-label="Search the log" placeholder="Search" value={search.text} onChange={(event) => search.write(event.target.value)} onKeyDown={onKey} />
      <span className="muted number" role="status">
        {search.text ? `${search.at + 1} of ${search.hits.length}` : ""}
      </span>
    </span>
  );
}

function save(blocks, pod, container) {
  const text = blocks.flatMap((block) => block.lines.map((entry) => `${entry.timestamp ?? ""} ${entry.content}`.trim())).join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/plain" }));
  link.download = `${[pod.name, container].filter(Boolean).join("-")}.log`;
  link.click();
  URL.revokeObjectURL(link.href);
}

const containersIn = (manifest) => [...(manifest?.spec?.containers ?? []), ...(manifest?.spec?.initContainers ?? [])].map(({ name }) => name);

// Which containers there are to choose from is in the pod; most have one.
function useContainers(application, pod) {
  const { group, version, kind, namespace, name } = pod ?? {};
  const { data } = useAnswer("resource", { ...application, ref: { group, version, kind, namespace, name } }, { enabled: Boolean(pod) });
  return containersIn(data?.application?.resource?.liveManifest);
}

export function Logs({ application, pods }) {
  const [chosen, setChosen] = useState(null);
  const pod = pods.find((one) => one.id === chosen) ?? pods.find(({ info }) => !info?.some(({ value }) => OVER.has(value))) ?? pods[0];
  const containers = useContainers(application, pod);
  const [container, setContainer] = useState(null);
  if (!pod) return <Empty title="No pods" next="Logs appear as soon as a pod of this runs." />;
  const ref = { group: pod.group, version: pod.version, kind: pod.kind, namespace: pod.namespace, name: pod.name };
  const choices = (
    <>
      <label>
        <span className="unseen">Pod</span>
        <select value={pod.id} onChange={(event) => setChosen(event.target.value)}>
          {pods.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
      </label>
      {containers.length > 1 && (
        <label>
          <span className="unseen">Container</span>
          <select value={container ?? containers[0]} onChange={(event) => setContainer(event.target.value)}>
            {containers.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
    </>
  );
  return (
    <div className="logs">
      <Output key={`${ref.namespace}/${ref.name}`} application={application} pod={ref} choices={choices} container={containers.length > 1 ? (containers.includes(container) ? container : containers[0]) : null} />
    </div>
  );
}

const UPWARDS = ["PageUp", "ArrowUp", "Home"];

function Output({ application, pod, container, choices }) {
  const { blocks, end, failure } = useLines(application, pod, container);
  const [following, setFollowing] = useState(true);
  const [wrap, setWrap] = useState(true);
  const box = useRef(null);
  const content = useRef(null);
  const top = useRef(0);
  const held = useRef(false); // the bar or the page, by a mouse or a finger
  const search = useSearch(blocks, box);
  useEffect(() => {
    if (!following || search.current !== null) return undefined;
    const goToEnd = () => {
      box.current.scrollTop = box.current.scrollHeight;
    };
    goToEnd();
    // Blocks out of sight have a guessed height until they are drawn, so the end moves without a new line, too.
    const observer = new ResizeObserver(goToEnd);
    observer.observe(content.current);
    return () => observer.disconnect();
  }, [following, search.current]);
  // Only people end it: the browser moves what is shown, too, where a block turns out shorter than was guessed.
  const onScroll = ({ currentTarget: at }) => {
    if (held.current && at.scrollTop < top.current) setFollowing(false);
    top.current = at.scrollTop;
  };
  const hold = (now) => () => {
    held.current = now;
  };
  const empty = blocks.length === 0;
  return (
    <>
      <div className="tools">
        {choices}
        <SearchField search={search} />
        <button type="button" className="button" aria-pressed={following} onClick={() => setFollowing(!following)} disabled={Boolean(end)}>
          Follow
        </button>
        <button type="button" className="button" aria-pressed={wrap} onClick={() => setWrap(!wrap)}>
          Wrap
        </button>
        <button type="button" className="button" onClick={() => save(blocks, pod, container)} disabled={empty}>
          <Icon name="download" />
          Download
        </button>
        <span className="muted">{end ? "ended" : empty ? "waiting for lines" : ""}</span>
      </div>
      {(failure || end?.error) && <Notice tone="amber" title="The log cannot be followed" detail={end?.error ?? failure.message} next="What was read stays; the rest of the console works." id={failure?.id} />}
      <div
        className={`code log${wrap ? " wrapped" : ""}`}
        ref={box}
        onWheel={(event) => event.deltaY < 0 && setFollowing(false)}
        onKeyDown={({ key }) => UPWARDS.includes(key) && setFollowing(false)}
        onPointerDown={hold(true)}
        onPointerUp={hold(false)}
        onPointerMove={({ buttons }) => buttons === 0 && hold(false)()}
        onTouchEnd={hold(false)}
        onScroll={onScroll}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={`Log of ${pod.name}`}
      >
        <div ref={content}>
          {blocks.map((block) => (
            <Block key={block.first} block={block} wanted={search.wanted} current={search.current} />
          ))}
        </div>
      </div>
    </>
  );
}
