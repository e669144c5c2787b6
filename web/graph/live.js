// The browser's GraphQL client: questions over HTTP, streams over one shared WebSocket, both with the session cookie.
// A stream goes on where it stopped: after a lost connection it subscribes again `after` the last cursor it saw.
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { createClient } from "graphql-ws/client";
import * as documents from "./documents.js";

export class GraphError extends Error {
  constructor(message, { code, id, status, suggestion } = {}) {
    super(message);
    this.code = code;
    this.id = id;
    this.status = status;
    this.suggestion = suggestion;
  }
}

const problem = (errors, status) => {
  const [first] = errors;
  return new GraphError(first.message, {
    code: first.extensions?.code,
    id: first.extensions?.correlationId,
    status,
    suggestion: first.extensions?.suggestion,
  });
};

// Several questions of one page may hear of it, and some only after the first has led there.
export const toSignIn = () => {
  if (location.pathname === "/login") return;
  const here = location.pathname + location.search;
  location.assign(`/login?next=${encodeURIComponent(here)}`);
};

export async function ask(name, variables = {}, signal = undefined) {
  let response;
  try {
    response = await fetch("/graphql", {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json, application/json" },
      body: JSON.stringify({ query: documents[name], operationName: operationName(documents[name]), variables }),
      signal,
    });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new GraphError("The control plane does not answer.", { code: "UNREACHABLE" });
  }
  if (response.status === 401) toSignIn();
  let answer;
  try {
    answer = await response.json();
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new GraphError(`The control plane answered ${response.status} without data.`, { status: response.status });
  }
  if (answer.errors?.length && !answer.data) {
    const failure = problem(answer.errors, response.status);
    if (failure.code === "UNAUTHORIZED_ERROR") toSignIn();
    throw failure;
  }
  return { ...answer.data, partial: answer.errors?.length ? problem(answer.errors) : null };
}

const operationName = (text) => /(?:query|mutation|subscription)\s+(\w+)/.exec(text)[1];

// ---- the shared socket and what is known about it

let socket;
let connection = { up: null, since: null };
const watchers = new Set();

function report(up) {
  if (connection.up === up) return;
  connection = { up, since: new Date().toISOString() };
  watchers.forEach((tell) => tell());
}

function shared() {
  socket ??= createClient({
    url: () => `${location.origin.replace("http", "ws")}/graphql`,
    retryAttempts: 0,
    lazyCloseTimeout: 3_000,
    keepAlive: 15_000,
    connectionAckWaitTimeout: 10_000,
    on: { connected: () => report(true), closed: (event) => event.wasClean || report(false), error: () => report(false) },
  });
  return socket;
}

const watch = (tell) => {
  watchers.add(tell);
  return () => watchers.delete(tell);
};
const NEVER = { up: null, since: null };

export const useConnection = () => useSyncExternalStore(watch, () => connection, () => NEVER);

const SESSION_OVER = new Set([4401, 4403]);
const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 8_000;

// Calls `onEvent` for each event of a subscription until the returned function is called, and `onAgain` whenever it begins again.
export function follow(name, variables, { onEvent, onFailure, onAgain, cursorOf }) {
  let cursor = null;
  let pause = FIRST_PAUSE;
  let timer;
  let stop = () => {};
  let over = false;
  const again = () => {
    if (over) return;
    timer = setTimeout(
      () => {
        begin();
        onAgain?.();
      },
      pause * (0.75 + Math.random() / 2),
    );
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  };
  const begin = () => {
    const withCursor = cursor && cursorOf ? { ...variables, after: cursor } : variables;
    stop = shared().subscribe(
      { query: documents[name], operationName: operationName(documents[name]), variables: withCursor },
      {
        next: (message) => {
          if (message.errors?.length) onFailure?.(problem(message.errors));
          if (!message.data) return;
          pause = FIRST_PAUSE;
          cursor = cursorOf?.(message.data) ?? cursor;
          onEvent(message.data);
        },
        error: (failure) => {
          const why = Array.isArray(failure) ? problem(failure) : null;
          if (SESSION_OVER.has(failure?.code) || why?.code === "UNAUTHORIZED_ERROR") return toSignIn();
          onFailure?.(why);
          again();
        },
        complete: again,
      },
    );
  };
  begin();
  return () => {
    over = true;
    clearTimeout(timer);
    stop();
  };
}

// A stream bound to a component. `key` says when it is another stream.
export function useStream(name, variables, { onEvent, cursorOf, enabled = true }) {
  const [failure, setFailure] = useState(null);
  const latest = useRef(onEvent);
  latest.current = onEvent;
  const key = JSON.stringify([name, variables, enabled]);
  useEffect(() => {
    if (!enabled) return undefined;
    setFailure(null);
    return follow(name, variables, {
      cursorOf,
      onFailure: setFailure,
      onEvent: (data) => {
        setFailure(null);
        latest.current(data);
      },
    });
  }, [key]);
  return failure;
}

// A question bound to a component: {data, error, loading, again}.
// `stamp` asks again when it changes; what changes meanwhile is asked after the answer, so that answers always arrive.
export function useAnswer(name, variables, { enabled = true, stamp = "" } = {}) {
  const [state, setState] = useState({ data: null, error: null, loading: enabled });
  const read = useRef(null);
  const key = JSON.stringify([name, variables, enabled]);
  useEffect(() => {
    if (!enabled) return undefined;
    const controller = new AbortController();
    let asking = false;
    let onceMore = false;
    setState({ data: null, error: null, loading: true });
    read.current = async () => {
      onceMore = true;
      if (asking) return;
      asking = true;
      while (onceMore && !controller.signal.aborted) {
        onceMore = false;
        setState((before) => (before.loading && !before.error ? before : { ...before, error: null, loading: true }));
        await ask(name, variables, controller.signal).then(
          (data) => setState({ data, error: null, loading: false }),
          (error) => error.name === "AbortError" || setState((before) => ({ data: before.data, error, loading: false })),
        );
      }
      asking = false;
    };
    return () => controller.abort();
  }, [key]);
  useEffect(() => {
    if (enabled) read.current();
  }, [key, stamp]);
  return { ...state, again: () => read.current?.() };
}
