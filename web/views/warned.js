// Which banners there are. Pure.
import { clock } from "./time.js";

// [{key, text, to, action}] for what is wrong, worst first.
export function bannersOf(runtimes, refused) {
  const away = runtimes.filter((one) => !one.available && one.lastUpdated);
  const old = runtimes.filter((one) => one.available && one.updateAvailable);
  return [
    ...refused.map(({ runtime, url }) => ({
      key: `token ${runtime} ${url}`,
      text: `Your Git token for ${url} is refused: runtime ${runtime} can neither ask for your rights nor commit in your name`,
      to: "/settings?tab=git",
      action: "Update it",
    })),
    ...away.map((one) => ({
      key: `away ${one.metadata.name} ${one.lastUpdated}`,
      text: `Runtime ${one.metadata.name} is not reachable since ${clock(one.lastUpdated)}: what you see of it is from then`,
      to: `/runtimes/${encodeURIComponent(one.metadata.name)}`,
      action: "Look at it",
    })),
    ...old.map((one) => ({
      key: `old ${one.metadata.name} ${one.updateAvailable}`,
      text: `Runtime ${one.metadata.name} runs ${one.runtimeVersion}; ${one.updateAvailable} is there`,
      to: `/runtimes/${encodeURIComponent(one.metadata.name)}`,
      action: "Update it",
    })),
  ];
}

// The words of the footer.
export function liveWords(runtimes) {
  const live = runtimes.filter((one) => one.available).length;
  if (!runtimes.length) return "no runtime";
  const word = runtimes.length === 1 ? "runtime" : "runtimes";
  return live === runtimes.length ? `${live} ${word} live` : `${live} of ${runtimes.length} ${word} live`;
}
