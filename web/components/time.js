// Words for moments and durations. Pure; the zone is the viewer's, the words are those of the console: English, day before month.
const LOCALE = "en-GB";

// Making a formatter takes longer than drawing the row that it is for, so each is made once.
function formatter(options) {
  let made;
  return (moment) => (made ??= new Intl.DateTimeFormat(LOCALE, options)).format(new Date(moment));
}

let known;
export const zone = () => (known ??= Intl.DateTimeFormat().resolvedOptions().timeZone);

export const exact = formatter({ dateStyle: "medium", timeStyle: "medium" });

export const clock = formatter({ hour: "2-digit", minute: "2-digit", second: "2-digit" });

const DAY = { day: "numeric", month: "short" };
const dayOnly = formatter(DAY);
const dayAndYear = formatter({ ...DAY, year: "numeric" });
export const day = (moment, { year = false } = {}) => (year ? dayAndYear(moment) : dayOnly(moment));

export const month = formatter({ month: "short", year: "numeric" });

export const weekday = formatter({ weekday: "long", day: "numeric", month: "long" });

const STEPS = [
  [60, 1, "s"],
  [3600, 60, "min"],
  [86400, 3600, "h"],
  [86400 * 30, 86400, "d"],
  [86400 * 365, 86400 * 30, "mo"],
  [Infinity, 86400 * 365, "y"],
];

export function age(moment, now = Date.now()) {
  const seconds = Math.max(0, (now - new Date(moment).getTime()) / 1000);
  if (seconds < 5) return "just now";
  const [, unit, word] = STEPS.find(([limit]) => seconds < limit);
  return `${Math.floor(seconds / unit)} ${word} ago`;
}

export const duration = (start, end) => lasting((new Date(end).getTime() - new Date(start).getTime()) / 1000);

export function lasting(seconds) {
  if (seconds < 1) return "under 1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

// When the words of `age` change next, in milliseconds.
export function nextChange(moment, now = Date.now()) {
  const seconds = Math.max(0, (now - new Date(moment).getTime()) / 1000);
  if (seconds < 60) return 5_000;
  return seconds < 3600 ? 30_000 : 600_000;
}
