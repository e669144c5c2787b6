// What everybody has to know wherever they are: a runtime that is away or too old, one's own Git token that is refused.
import { useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { feed } from "./feed.js";
import { announce, AppLink, Icon } from "./kit.jsx";
import { ask } from "./live.js";
import { bannersOf, liveWords } from "./warned.js";

const ASKED_AGAIN_SECONDS = 900;
const MOST_RUNTIMES = 10;
const TOKENS_KEY = "argosy.banners.tokens";
const DISMISSED_KEY = "argosy.banners.dismissed";

const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? "null");

// Each answer asks the Git host, so it is good for a while.
async function refusedTokens(runtimes) {
  const kept = read(TOKENS_KEY);
  if (kept && Date.now() - kept.at < ASKED_AGAIN_SECONDS * 1000) return kept.refused;
  const refused = [];
  for (const { metadata, available } of runtimes.slice(0, MOST_RUNTIMES)) {
    if (!available) continue;
    const answer = await ask("git_tokens", { runtime: metadata.name }).catch(() => null);
    for (const token of answer?.gitTokens ?? []) if (token.status === "INVALID") refused.push({ runtime: metadata.name, url: token.url });
  }
  sessionStorage.setItem(TOKENS_KEY, JSON.stringify({ at: Date.now(), refused }));
  return refused;
}

const useRuntimes = feed("banners", "banner_changes", {
  begin: ({ runtimes, me }) => ({ runtimes: runtimes.nodes, hidden: me?.hiddenAlerts ?? [] }),
  fold: (told, { runtimes: one }) => ({ ...told, runtimes: [...told.runtimes.filter((other) => other.id !== one.id), one] }),
});

export function Banners({ name }) {
  const { value, change } = useRuntimes(Boolean(name));
  const { runtimes, hidden } = value ?? { runtimes: [], hidden: [] };
  const [refused, setRefused] = useState([]);
  const [dismissed, setDismissed] = useState([]);
  const known = value !== null;
  useEffect(() => setDismissed(read(DISMISSED_KEY) ?? []), []);
  useEffect(() => {
    if (known) refusedTokens(runtimes).then(setRefused, () => null);
  }, [known]);
  const dismiss = (key) => {
    const next = [...dismissed, key];
    sessionStorage.setItem(DISMISSED_KEY, JSON.stringify(next));
    setDismissed(next);
  };
  const hide = (runtime) =>
    ask("hide_alerts", { runtime, hidden: true }).then(
      () => change((told) => ({ ...told, hidden: [...told.hidden, runtime] })),
      (failure) => announce(failure.message),
    );
  const banners = bannersOf(runtimes, refused, hidden)
    .filter(({ key }) => !dismissed.includes(key))
    .slice(0, 3)
    .map(({ key, runtime, text, to, action }) => (
      <div key={key} className="banner">
        <Icon name="alert" />
        <span>
          {text} · <AppLink to={to}>{action}</AppLink>
        </span>
        <button type="button" className="button quiet small" onClick={() => hide(runtime)} title={`No banners about runtime ${runtime} any more, for you alone; its page shows them again`}>
          Hide for good
        </button>
        <button type="button" className="button quiet small" onClick={() => dismiss(key)} aria-label={`Dismiss: ${text}`}>
          <Icon name="close" />
        </button>
      </div>
    ));
  return (
    <>
      {banners.length > 0 && (
        <section className="banners" aria-label="Notices">
          {banners}
        </section>
      )}
      {known && createPortal(liveWords(runtimes), document.getElementById("runtimes-live"))}
    </>
  );
}
