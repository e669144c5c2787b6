// Entries of the activity feed, in order. Pure.
import { weekday } from "./time.js";

const SHOWN = 60;

// The newest word on each thing, newest first.
export function joined(known, told) {
  const rest = known.filter((one) => one.id !== told.id);
  return [told, ...rest].sort((a, b) => Date.parse(b.time) - Date.parse(a.time)).slice(0, SHOWN);
}

// Those of one kind: what was asked for, with the newest word on each.
export const ofKind = (entries, kind, asked = []) => entries.filter((one) => one.kind === kind).reduce(joined, asked);

// [[day, entries]]: today first.
export function byDay(entries, now = new Date()) {
  const days = new Map();
  for (const entry of entries) {
    const day = dayOf(new Date(entry.time), now);
    if (!days.has(day)) days.set(day, []);
    days.get(day).push(entry);
  }
  return [...days];
}

function dayOf(time, now) {
  const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
  const days = Math.round((midnight(now) - midnight(time)) / 86_400_000);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  return weekday(time);
}

// Now, or the time of the newest entry: the clocks of clusters may be ahead.
export const newest = (entries, now = new Date()) => new Date(Math.max(now.getTime(), ...entries.map((one) => Date.parse(one.time)))).toISOString();
