// Periods of dashboards and words for their figures. Pure; the viewer's zone is the browser's.
import { day, month, zone } from "./time.js";

export const PERIODS = [
  ["7d", "7 days", 7],
  ["30d", "30 days", 30],
  ["90d", "90 days", 90],
  ["365d", "a year", 365],
];
export const GRANULARITIES = [
  ["DAILY", "Daily"],
  ["WEEKLY", "Weekly"],
  ["MONTHLY", "Monthly"],
];

// How many steps before the period are shown beside it.
export const HISTORY = { DAILY: 60, WEEKLY: 26, MONTHLY: 12 };

// The window up to now that the query names, as the API takes it.
export function readPeriod(search, { period = "7d", granularity = "DAILY" } = {}, now = new Date()) {
  const [key, , days] = PERIODS.find(([name]) => name === search.get("time")) ?? PERIODS.find(([name]) => name === period);
  const by = GRANULARITIES.some(([name]) => name === search.get("by")) ? search.get("by") : granularity;
  const minute = new Date(Math.ceil(now.getTime() / 60_000) * 60_000); // so that two looks within a minute ask the same
  const from = new Date(minute.getTime() - days * 86_400_000);
  return { key, by, from: from.toISOString(), to: minute.toISOString(), timeZone: zone() };
}

export function bucketLabel(start, granularity, long = false) {
  const text = granularity === "MONTHLY" ? month(start) : day(start, { year: long });
  return granularity === "WEEKLY" && long ? `week of ${text}` : text;
}

// Where the bucket ends: where the next one starts.
export const bucketEnd = (buckets, index, to) => buckets[index + 1]?.start ?? to;

export const whole = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(1));

export const percent = (ratio) => `${Math.round(ratio * 1000) / 10} %`;

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
const ROUND = {
  share: [0.1, 0.2, 0.5, 1],
  seconds: [2, 10, 20, MINUTE, 2 * MINUTE, 10 * MINUTE, 20 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, DAY, 2 * DAY, 4 * DAY, 10 * DAY, 20 * DAY, 60 * DAY, 180 * DAY, 360 * DAY],
  count: [2, 4, 6, 10],
};

// The smallest round number that is not below the values and whose half is round too, so that both grid lines say something.
export function niceCeiling(value, unit = "count") {
  const [least] = ROUND[unit];
  const power = 10 ** Math.floor(Math.log10(Math.max(value, least)));
  const beyond = ROUND.count.map((step) => step * power);
  return [...ROUND[unit], ...beyond].find((round) => round >= value) ?? 10 * power;
}

export function span(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 86_400) return `${whole(Math.round(seconds / 360) / 10)} h`;
  return `${whole(Math.round(seconds / 8640) / 10)} d`;
}

// "2:05", or "1:02:05" from an hour on.
export function clockSpan(seconds) {
  const all = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
