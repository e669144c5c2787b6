// What the frame of every page shows: an answer, and the stream that keeps it current. Each page brings a frame of its own, so both
// outlive the page, and nothing is asked anew when somebody goes on to the next.
import { useEffect, useRef, useSyncExternalStore } from "react";
import { ask, follow } from "./live.js";

const LINGER_MS = 5_000; // one frame leaves before the next is there
const NOTHING = { value: null, error: null };
const never = () => () => {};

// `begin` makes a value of the answer, `fold` the next one of an event. The hook that is returned says {value, error, change}, and
// tells `onEvent` of each event.
export function feed(question, stream, { variables = {}, begin, fold }) {
  let state = NOTHING;
  let stop = null;
  let leaving = 0;
  const watchers = new Set();
  const listeners = new Set();
  const say = (next) => {
    state = next;
    watchers.forEach((tell) => tell());
  };
  const open = () => {
    let early = []; // what is told while the question is open is newer than its answer may be
    let controller;
    const read = () => {
      controller?.abort();
      controller = new AbortController();
      early ??= [];
      ask(question, variables, controller.signal).then(
        (data) => {
          say({ value: early.reduce(fold, begin(data)), error: null });
          early = null;
        },
        (error) => error.name === "AbortError" || say({ ...state, error }),
      );
    };
    const unfollow = follow(stream, {}, {
      onEvent: (event) => {
        early?.push(event);
        if (state.value !== null) say({ ...state, value: fold(state.value, event) });
        listeners.forEach((hear) => hear(event));
      },
      onAgain: read, // what happened in between was not told
    });
    read();
    stop = () => {
      controller.abort();
      unfollow();
      [state, stop] = [NOTHING, null];
    };
  };
  const watch = (tell) => {
    watchers.add(tell);
    clearTimeout(leaving);
    if (!stop) open();
    return () => {
      watchers.delete(tell);
      if (!watchers.size) leaving = setTimeout(() => stop(), LINGER_MS);
    };
  };
  const change = (to) => say({ ...state, value: to(state.value) });
  return function useFeed(enabled, onEvent) {
    const latest = useRef(onEvent);
    latest.current = onEvent;
    useEffect(() => {
      const hear = (event) => latest.current?.(event);
      listeners.add(hear);
      return () => listeners.delete(hear);
    }, []);
    return { ...useSyncExternalStore(enabled ? watch : never, () => (enabled ? state : NOTHING), () => NOTHING), change };
  };
}
