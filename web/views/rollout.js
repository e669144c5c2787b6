// Words about Rollouts. Pure: values in, sentences out.
import { clock } from "./time.js";

export const ACTIONS = {
  PROMOTE: { label: "Promote", icon: "play" },
  RESUME: { label: "Resume", icon: "play" },
  PAUSE: { label: "Pause", icon: "pause" },
  SKIP_STEP: { label: "Skip step", icon: "skip" },
  PROMOTE_FULL: { label: "Promote fully", icon: "forward" },
  ABORT: { label: "Abort", icon: "stop", danger: true },
  RETRY: { label: "Retry", icon: "refresh" },
  RESTART: { label: "Restart pods", icon: "refresh" },
  ROLLBACK: { label: "Undo", icon: "back" },
};

export const isMoving = ({ phase }) => phase === "Progressing" || phase === "Paused";
export const stepState = (step) => (step.skipped ? "SKIPPED" : step.status);
export const isCurrent = (rollout, step) => isUpdating(rollout) && step.index === rollout.currentStepIndex;

const of = (rollout, role) => rollout.revisions.find((one) => one.role.includes(role));
export const stableOf = (rollout) => of(rollout, "stable") ?? of(rollout, "active") ?? null;
export const newOf = (rollout) => of(rollout, "canary") ?? of(rollout, "preview") ?? null;
export const isUpdating = (rollout) => Boolean(newOf(rollout)) && newOf(rollout) !== stableOf(rollout);

export const percent = (value) => `${Math.round(value * 10) / 10}%`;

// Where the number comes from; without a router nobody splits traffic, and the screen does not pretend.
export function weightWords(rollout) {
  if (rollout.strategy === "blueGreen") return rollout.weightOfNew === 100 ? "all traffic on the newest version" : "all traffic on the active version";
  if (rollout.trafficRouted) return `${percent(rollout.weightOfNew)} of the traffic`;
  return `${percent(rollout.weightOfNew)} of the pods, no traffic router`;
}

export function stepWords(rollout) {
  const total = rollout.steps.length;
  if (!total) return "";
  if (!isUpdating(rollout)) return `${total} steps`;
  return rollout.currentStepIndex >= total ? `all ${total} steps done` : `step ${rollout.currentStepIndex + 1} of ${total}`;
}

const named = (revision) => (revision ? `revision ${revision.revision} (${revision.images.join(", ")})` : "the stable version");

const at = ({ index, title }) => `${index + 1}${title.startsWith("pause") ? "" : ` (${title})`}`;

// What an action does, told before it is done. `after` is the simulated outcome of an abort, where it is known.
export function willOf(action, rollout, { abort = null } = {}) {
  const step = rollout.steps[rollout.currentStepIndex];
  const next = rollout.steps[(rollout.currentStepIndex ?? 0) + 1];
  const onwards = next ? `goes on with step ${at(next)}` : "finishes the update";
  const left = rollout.steps.length - (rollout.currentStepIndex ?? 0);
  switch (action) {
    case "PROMOTE":
      if (!step) return "Lets the update go on.";
      return `Ends ${rollout.paused ? "the pause of " : ""}step ${at(step)} and ${onwards}.`;
    case "RESUME":
      return "Ends the pause; what the steps say goes on from here.";
    case "PAUSE":
      return "Keeps the update where it is, also past the end of a timed pause, until somebody resumes it.";
    case "SKIP_STEP":
      return step ? `Leaves step ${at(step)} and ${onwards}.` : "Goes on with the next step.";
    case "PROMOTE_FULL":
      return `Skips ${rollout.steps.length ? `the ${left} ${left === 1 ? "step that is" : "steps that are"} left, with their` : "all"} pauses and analyses: ${named(newOf(rollout))} gets everything.`;
    case "ABORT":
      return `Sends everything back to ${named(stableOf(rollout))}${abort ? `: ${abort.stablePods} pods of it serve ${percent(abort.stableWeight)}${abort.settledSeconds ? `, the new ones end within ${seconds(abort.settledSeconds)}` : ""}` : ""}. It is Degraded until somebody retries it or Git changes it back.`;
    case "RETRY":
      return `Begins the aborted update to ${named(newOf(rollout))} again, from its first step.`;
    case "RESTART":
      return "Replaces all pods, a few at a time, with the same version.";
    case "ROLLBACK":
      return "Puts the pod template of an earlier revision into the cluster, as a new update. Git still says otherwise: the application is out of sync, and with self-heal Git's version comes back. To go back for good, roll back in the Timeline.";
    default:
      return "";
  }
}

export function seconds(value) {
  const whole = Math.max(0, Math.round(value));
  if (whole < 60) return `${whole} s`;
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  if (minutes < 60) return rest ? `${minutes} min ${rest} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

// 1:05 for a clock that runs.
export function countdown(value) {
  const whole = Math.max(0, Math.ceil(value));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

// The one number that a condition compares with, for drawing it; null where it is anything else.
export function threshold(condition) {
  const found = /^\s*result(?:\[0\])?\s*(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(condition ?? "");
  return found ? { operator: found[1], value: Number(found[2]) } : null;
}

// Plain numbers and one-element lists, as providers give them; null for all else.
export function numberOf(value) {
  const text = (value ?? "").trim().replace(/^\[(.*)\]$/, "$1");
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : null;
}

// Moments in a sentence of the server, in the viewer's zone.
export const inZone = (text) => (text ?? "").replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (moment) => clock(moment));
