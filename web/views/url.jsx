// What a view shows is in the query of its address. Changes of the query stay inside the page: they pass by the router, whose
// navigation would make the server load the page's state anew for each tick of a filter.
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { useLocation } from "react-router";

const CHANGED = "argosy:query";

function listen(tell) {
  window.addEventListener("popstate", tell);
  window.addEventListener(CHANGED, tell);
  return () => {
    window.removeEventListener("popstate", tell);
    window.removeEventListener(CHANGED, tell);
  };
}

export function useQuery() {
  useLocation(); // the router's own navigations matter too
  const text = useSyncExternalStore(listen, () => location.search, () => "");
  return useMemo(() => new URLSearchParams(text), [text]);
}

// The query with changes: null or empty removes, a list repeats.
export function withChanges(query, changes) {
  const next = new URLSearchParams(query);
  for (const [key, value] of Object.entries(changes)) {
    next.delete(key);
    if (Array.isArray(value)) value.forEach((one) => next.append(key, one));
    else if (value) next.set(key, value);
  }
  return next;
}

export function showQuery(query, { replace = false } = {}) {
  const text = String(query);
  const place = `${location.pathname}${text ? `?${text}` : ""}`;
  if (place === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](history.state, "", place);
  window.dispatchEvent(new Event(CHANGED));
}

// A link to another query of the same page: a real address for a new tab, no round trip for a click.
export function QueryLink({ changes, className, current, children, ...rest }) {
  const next = withChanges(useQuery(), changes);
  const text = String(next);
  const link = useRef(null);
  // A row of tabs that is wider than a phone shows the one that is open.
  useEffect(() => {
    const row = link.current?.parentElement;
    if (current && row?.scrollWidth > row?.clientWidth) row.scrollLeft = link.current.offsetLeft + link.current.offsetWidth - row.clientWidth;
  }, [current]);
  const go = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    showQuery(next);
  };
  return (
    <a href={`${location.pathname}${text ? `?${text}` : ""}`} className={className} ref={link} aria-current={current ? "page" : undefined} onClick={go} {...rest}>
      {children}
    </a>
  );
}
