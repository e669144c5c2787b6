// The counter strip and the filters of the applications page.
import { useEffect, useRef, useState } from "react";
import { useClosing } from "./closing.js";
import { Bone, Icon } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { Health } from "./status.jsx";
import { HEALTH, SYNC } from "./tokens.js";
import { CLEARED, FACETS, isFiltered, isStandardSince, KINDS, onlyChoices, SINCE, UNHEALTHY, VIEWS, withNone } from "./filters.js";

const WORDS = { tree: "As a tree", list: "As a list", cards: "As cards" };
const MANY = 8;
const REST_MS = 10; // after the last key: what one press brings at once is asked once
const SHOWN = ["HEALTHY", "PROGRESSING", "DEGRADED", "SUSPENDED", "MISSING", "UNKNOWN"];

// "12 applications · 1 ApplicationSet": a set is a row, but no application.
export function countedWords({ total, kinds }) {
  const sets = kinds.find(({ value }) => value === "APPLICATION_SET")?.count ?? 0;
  const counted = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
  return [(total > sets || !sets) && counted(total - sets, "application"), sets > 0 && counted(sets, "set")].filter(Boolean).join(" · ");
}

export function Strip({ facets, selected, onChange, children }) {
  const counts = Object.fromEntries((facets?.healthStatuses ?? []).map(({ value, count }) => [value, count]));
  const statuses = counts.TERMINATED ? [...SHOWN, "TERMINATED"] : SHOWN;
  return (
    <div className="strip">
      <h1>{facets ? countedWords(facets) : "Applications"}</h1>
      <div className="counters" role="group" aria-label="Filter by health">
        {statuses.map((status) => {
          const on = selected.includes(status);
          return (
            <button
              key={status}
              type="button"
              className={`counter${counts[status] ? "" : " none"}`}
              aria-pressed={on}
              onClick={() => onChange({ health: on ? selected.filter((one) => one !== status) : [...selected, status] })}
            >
              <Health status={status} />
              <span className="count">{facets ? (counts[status] ?? 0) : <Bone />}</span>
            </button>
          );
        })}
        <button
          type="button"
          className="counter"
          aria-pressed={UNHEALTHY.every((status) => selected.includes(status))}
          onClick={() => onChange({ health: UNHEALTHY.every((status) => selected.includes(status)) ? null : UNHEALTHY })}
        >
          Unhealthy
        </button>
      </div>
      <div className="strip-deeds">{children}</div>
    </div>
  );
}

export function FilterBar({ filters, view, stamp, onType, onChange }) {
  const [wanted, setWanted] = useState(false); // counting what every menu offers takes longer than the rows
  const { data } = useAnswer("application_choices", { choices: onlyChoices(filters) }, { enabled: wanted, stamp });
  const kinds = data && Object.keys(KINDS).map((value) => ({ value, count: data.choices.kinds.find((one) => one.value === value)?.count ?? 0 }));
  const choicesOf = ({ key, facet }) => {
    if (key === "kind") return kinds;
    return key === "environment" ? withNone(data?.choices[facet], filters[key]) : data?.choices[facet];
  };
  return (
    <div className="filters" role="search" aria-label="Applications">
      <SearchField value={filters.q} onType={onType} onChange={(q) => onChange({ q })} />
      {FACETS.map((facet) => (
        <FacetMenu key={facet.key} facet={facet} choices={choicesOf(facet)} selected={filters[facet.key]} onChange={onChange} onWanted={setWanted} />
      ))}
      <button type="button" className="button" aria-pressed={filters.star} onClick={() => onChange({ star: filters.star ? null : "1" })}>
        <Icon name="star" filled={filters.star} />
        Favourites
      </button>
      {isFiltered(filters) && (
        <button type="button" className="button quiet" onClick={() => onChange(CLEARED)}>
          Clear
        </button>
      )}
      <div className="grow" />
      <label className="select">
        <span className="muted">Deployed</span>
        <select value={filters.since} onChange={(event) => onChange({ since: isStandardSince(event.target.value) ? null : event.target.value })}>
          {Object.entries(SINCE).map(([key, [words]]) => (
            <option key={key} value={key}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <div className="segments" role="group" aria-label="View">
        {VIEWS.map((one) => (
          <button key={one} type="button" className="button icon-only" aria-pressed={view === one} aria-label={WORDS[one]} title={WORDS[one]} onClick={() => onChange({ view: one === VIEWS[0] ? null : one })}>
            <Icon name={one} />
          </button>
        ))}
      </div>
    </div>
  );
}

// Typing is local; the URL follows when the typing rests.
export function SearchField({ value, label = "Search applications by name", onType, onChange }) {
  const [text, setText] = useState(value);
  const timer = useRef(0);
  const say = (next) => {
    setText(next);
    onType?.(next);
  };
  useEffect(() => say(value), [value]);
  const type = (next) => {
    say(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onChange(next), REST_MS);
  };
  return (
    <div className="field">
      <Icon name="search" />
      <input
        type="search"
        data-key="/"
        aria-label={label}
        placeholder="Search by name"
        value={text}
        onChange={(event) => type(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && (text ? type("") : event.target.blur())}
      />
    </div>
  );
}

const WORD_OF = { sync: (value) => SYNC[value]?.word, kind: (value) => KINDS[value], health: (value) => HEALTH[value].word };
const wordOf = (facet, value) => (facet.word ?? WORD_OF[facet.key])?.(value) ?? value;

// `facet`: {key, label, word?}, word says what people read for a value. `onWanted` hears whether the choices are looked at,
// or about to be; until they are there they are undefined. `onFind` hears what somebody looks for, where the choices are too
// many to have them all. What a choice is `also` called is found too.
export function FacetMenu({ facet, choices, selected, onChange, onWanted, onFind }) {
  const ref = useRef(null);
  useClosing(ref);
  const [text, setText] = useState("");
  const offered = choices ?? [];
  const known = [...offered, ...selected.filter((value) => !offered.some((choice) => choice.value === value)).map((value) => ({ value, count: 0 }))];
  const shown = known.filter(({ value, also = "" }) => `${wordOf(facet, value)} ${also}`.toLowerCase().includes(text.toLowerCase()));
  const find = (next) => {
    setText(next);
    onFind?.(next);
  };
  const toggle = (value) => onChange({ [facet.key]: selected.includes(value) ? selected.filter((one) => one !== value) : [...selected, value] });
  return (
    <details
      className="menu"
      ref={ref}
      onToggle={(event) => onWanted?.(event.currentTarget.open)}
      onPointerEnter={() => onWanted?.(true)}
      onPointerLeave={(event) => event.currentTarget.open || onWanted?.(false)}
    >
      <summary className={`button${selected.length ? " chosen" : ""}`}>
        {facet.label}
        {selected.length > 0 && <span className="count">{selected.length === 1 ? wordOf(facet, selected[0]) : selected.length}</span>}
        <Icon name="down" />
      </summary>
      <div className="menu-body" role="group" aria-label={facet.label}>
        {(known.length > MANY || onFind) && (
          <input type="search" className="menu-search" aria-label={`Find in ${facet.label}`} placeholder="Find" value={text} onChange={(event) => find(event.target.value)} />
        )}
        {!choices && <p className="pad"><Bone wide /></p>}
        {choices && shown.length === 0 && <p className="muted pad">{known.length ? "Nothing has this in its name." : "Nothing to choose from yet."}</p>}
        {shown.map(({ value, count, also }) => (
          <label key={value} title={also}>
            <input type="checkbox" checked={selected.includes(value)} onChange={() => toggle(value)} />
            <span>{wordOf(facet, value)}</span>
            {count !== null && <span className="count">{count}</span>}
          </label>
        ))}
      </div>
    </details>
  );
}
