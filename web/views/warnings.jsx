// Everything that is wrong now, over all applications: a button with two counts, and a panel by application.
import { useEffect, useRef, useState } from "react";
import { operate } from "./appparts.jsx";
import { announce, AppLink, Empty, Icon, Moment, Notice } from "./kit.jsx";
import { placeOf } from "./place.js";
import { InstallRollouts } from "./rolloutsmissing.jsx";
import { showQuery, useQuery, withChanges } from "./url.jsx";

export function Warnings({ found, error, onRetry }) {
  const search = useQuery();
  const open = search.get("panel") === "warnings";
  const show = (on) => showQuery(withChanges(new URLSearchParams(location.search), { panel: on ? "warnings" : null }));
  const errors = found?.nodes.filter((one) => one.error.level === "ERROR").length ?? 0;
  const more = found && found.totalCount > found.nodes.length ? "+" : "";
  if (!found && !error) return null;
  return (
    <>
      {found?.totalCount > 0 && (
        <button type="button" className="button warnings-button" aria-haspopup="dialog" aria-expanded={open} onClick={() => show(!open)}>
          <span className="status status-red">
            <Icon name="alert" />
            {errors}
            {more} {errors === 1 ? "error" : "errors"}
          </span>
          <span className="status status-amber">
            {found.nodes.length - errors}
            {more} {found.nodes.length - errors === 1 ? "warning" : "warnings"}
          </span>
        </button>
      )}
      {open && <Panel found={found} error={error} onRetry={onRetry} onClose={() => show(false)} />}
    </>
  );
}

function byApplication(nodes) {
  const groups = new Map();
  for (const node of nodes) {
    const place = placeOf(node.application);
    if (!groups.has(place)) groups.set(place, []);
    groups.get(place).push(node);
  }
  return [...groups];
}

function Panel({ found, error, onRetry, onClose }) {
  const heading = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    heading.current?.focus();
    const onKey = (event) => event.key === "Escape" && !document.querySelector("dialog[open]") && onClose();
    window.addEventListener("keydown", onKey);
    return () => {
      window.removeEventListener("keydown", onKey);
      if (before?.isConnected) before.focus();
    };
  }, []);
  return (
    <div className="drawer" role="dialog" aria-labelledby="warnings-title">
      <header className="drawer-head">
        <div className="drawer-name">
          <h2 id="warnings-title" ref={heading} tabIndex={-1}>
            Errors and warnings
          </h2>
        </div>
        <button type="button" className="button quiet icon-only" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div className="drawer-body">
        {error && <Notice title="They could not be read" detail={error.message} id={error.id} onRetry={onRetry} />}
        {found?.totalCount === 0 && <Empty title="Nothing is wrong" next="No application that you may see reports an error or a warning." />}
        {byApplication(found?.nodes ?? []).map(([place, problems]) => (
          <section key={place} className="problem-group" aria-label={problems[0].application.name}>
            <h3>
              <AppLink to={place}>{problems[0].application.name}</AppLink>
              <span className="muted aside">{problems[0].application.runtime}</span>
            </h3>
            <ul>
              {problems.map((one, index) => (
                <Problem key={index} problem={one} place={place} />
              ))}
            </ul>
          </section>
        ))}
        {found && found.totalCount > found.nodes.length && <p className="muted">{found.totalCount - found.nodes.length} more; filter to see them.</p>}
      </div>
    </div>
  );
}

const resourcePlace = (place, { group, kind, namespace, name }) => `${place}?res=${encodeURIComponent([group, kind, namespace ?? "", name].join("/"))}`;

function Problem({ problem, place }) {
  const { resource, category, error, action, application, cluster } = problem;
  const [told, setTold] = useState("");
  const [installing, setInstalling] = useState(false);
  const installed = ({ words, payload }) => {
    setInstalling(false);
    setTold(`${words}: ${payload.commit?.sha.slice(0, 7) ?? ""}`);
  };
  const terminate = async () => {
    const refused = await operate("terminate", "terminateOperation", application);
    setTold(refused ? refused.message : "The sync is being ended");
    announce(refused ? refused.message : `Ending the sync of ${application.name}`);
  };
  const isError = error.level === "ERROR";
  return (
    <li className="problem-entry">
      <span className={`status status-${isError ? "red" : "amber"}`}>
        <Icon name="alert" />
        {isError ? "Error" : "Warning"}
      </span>
      <div>
        <strong>{error.title}</strong>
        <span className="tag">{category === "SYNC" ? "Sync" : "Health"}</span>
        {resource && <span className="tag">{resource.kind}</span>}
        <p>{error.message}</p>
        {error.suggestion && <p className="muted">{error.suggestion}</p>}
        {told && <p className="muted">{told}</p>}
      </div>
      <span className="muted">
        <Moment at={error.lastSeen} />
      </span>
      <div className="problem-deeds">
        {action === "TERMINATE" && (
          <button type="button" className="button small danger" onClick={terminate}>
            Terminate
          </button>
        )}
        {action === "INSTALL_ROLLOUTS" && (
          <button type="button" className="button small" onClick={() => setInstalling(true)}>
            Install Rollouts
          </button>
        )}
        <AppLink className="button small" to={resource && resource.kind !== "Application" ? resourcePlace(place, resource) : place}>
          Details
        </AppLink>
        {installing && <InstallRollouts runtime={application.runtime} cluster={cluster} onClose={() => setInstalling(false)} onDone={installed} />}
      </div>
    </li>
  );
}
