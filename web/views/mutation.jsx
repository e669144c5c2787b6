// Doing something over the API, and saying what came of it.
import { useState } from "react";
import { Notice } from "./kit.jsx";
import { ask } from "./live.js";

// Runs a mutation and keeps what went wrong: [problem, busy, run].
export function useDeed() {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const run = async (document, variables, field) => {
    setBusy(true);
    setProblem(null);
    try {
      const { [field]: payload } = await ask(document, variables);
      const [first] = payload.errors;
      if (!first) return payload;
      setProblem({ message: first.message, suggestion: first.suggestion });
    } catch (failure) {
      setProblem({ message: failure.message, id: failure.id });
    } finally {
      setBusy(false);
    }
    return null;
  };
  return [problem, busy, run];
}

export const Refused = ({ problem }) => problem && <Notice title="Not done" detail={problem.message} next={problem.suggestion} id={problem.id} />;
