// How a page follows applications without asking for each change.
import { useCallback, useEffect, useRef, useState } from "react";
import { useStream } from "./live.js";

const GATHER_MS = 1_000;

// What is shown is asked for again when one of these applications changed; a burst of changes is one question.
export function useFollowed(filters, cursor, again) {
  const first = useRef(null);
  first.current ??= cursor ?? null;
  const timer = useRef(null);
  useEffect(() => () => clearTimeout(timer.current), []);
  useStream("application_changes", { filters, after: first.current }, {
    enabled: first.current !== null,
    cursorOf: (data) => data.applications.cursor,
    onEvent: ({ applications: event }) => {
      if (event.type === "SNAPSHOT") return;
      timer.current ??= setTimeout(() => {
        timer.current = null;
        again();
      }, GATHER_MS);
    },
  });
}

export function useTurn() {
  const [turn, setTurn] = useState(0);
  return [turn, useCallback(() => setTurn((count) => count + 1), [])];
}
