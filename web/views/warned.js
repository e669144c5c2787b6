// Which banners there are. Pure.
import { clock } from "./time.js";

// [{key, runtime, text, to, action}] for what is wrong, worst first; `hidden`: names of runtimes whose alerts nobody here wants to see.
export function bannersOf(runtimes, refused, hidden = []) {
  const away = runtimes.filter((one) => !one.available && one.lastUpdated);
  const unsafe = runtimes.filter((one) => one.updateRequired);
  const old = runtimes.filter((one) => one.available && one.updateAvailable && !one.updateRequired);
  const found = [
    ...unsafe.map((one) => ({
      key: `unsafe ${one.metadata.name} ${one.updateRequired}`,
      runtime: one.metadata.name,
      text: `Update required! Runtime ${one.metadata.name} runs ${one.runtimeVersion}, which has a known hole; ${one.updateRequired} closes it`,
      to: `/runtimes/${encodeURIComponent(one.metadata.name)}`,
      action: "Update it",
    })),
    ...refused.map(({ runtime, url }) => ({
      key: `token ${runtime} ${url}`,
      runtime,
      text: `Your Git token for ${url} is refused: runtime ${runtime} can neither ask for your rights nor commit in your name`,
      to: "/settings?tab=git",
      action: "Update it",
    })),
    ...away.map((one) => ({
      key: `away ${one.metadata.name} ${one.lastUpdated}`,
      runtime: one.metadata.name,
      text: `Runtime ${one.metadata.name} is not reachable since ${clock(one.lastUpdated)}: what you see of it is from then`,
      to: `/runtimes/${encodeURIComponent(one.metadata.name)}`,
      action: "Look at it",
    })),
    ...old.map((one) => ({
      key: `old ${one.metadata.name} ${one.updateAvailable}`,
      runtime: one.metadata.name,
      text: `Runtime ${one.metadata.name} runs ${one.runtimeVersion}; ${one.updateAvailable} is there`,
      to: `/runtimes/${encodeURIComponent(one.metadata.name)}`,
      action: "Update it",
    })),
  ];
  return found.filter((one) => !hidden.includes(one.runtime));
}

// The words of the footer.
export function liveWords(runtimes) {
  const live = runtimes.filter((one) => one.available).length;
  if (!runtimes.length) return "no runtime";
  const word = runtimes.length === 1 ? "runtime" : "runtimes";
  return live === runtimes.length ? `${live} ${word} live` : `${live} of ${runtimes.length} ${word} live`;
}
