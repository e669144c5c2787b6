// What can be done to an application from its header. Each says what it will do; what is not allowed says why.
import { useEffect, useState } from "react";
import { useParams } from "react-router";
import { GuardedButton } from "./dialog.jsx";
import { announce, Icon } from "./kit.jsx";
import { later } from "./later.jsx";
import { Links } from "./deeplinks.jsx";
import { Menu } from "./menu.jsx";
import { showQuery, useQuery, withChanges } from "./url.jsx";

const SyncDialog = later(() => import("./syncing.jsx").then((module) => module.SyncDialog), null);
const DeleteDialog = later(() => import("./deleting.jsx").then((module) => module.DeleteDialog), null);

export function Deeds({ name, target, destination, allowed, reason, running, onRefresh, onTerminate }) {
  const { runtime, namespace } = useParams();
  const search = useQuery();
  const [asking, setAsking] = useState(null);
  const why = allowed ? null : reason || "You may not do this";
  const application = { runtime, namespace, name };
  useEffect(() => {
    if (search.get("do") !== "sync" || !name) return;
    showQuery(withChanges(search, { do: null }), { replace: true });
    if (allowed) setAsking("sync");
  }, [search, allowed, name]);
  const show = (changes) => showQuery(withChanges(new URLSearchParams(location.search), changes));
  return (
    <div className="deeds-bar">
      {running && (
        <GuardedButton className="button danger" off={why} onClick={onTerminate}>
          Terminate
        </GuardedButton>
      )}
      <GuardedButton data-key="s" className="button primary" off={name ? why : "It is being read"} onClick={() => setAsking("sync")}>
        <Icon name="sync" />
        Sync
      </GuardedButton>
      <div className="segments">
        <button
          type="button"
          data-key="r"
          className="button"
          disabled={!name}
          onClick={() => {
            announce(`Refreshing ${name}`);
            onRefresh(false);
          }}
        >
          <Icon name="refresh" />
          Refresh
        </button>
        <Menu label="More ways to refresh" icon="down">
          <button
            type="button"
            disabled={!name}
            onClick={() => {
              announce(`Rendering ${name} again`);
              onRefresh(true);
            }}
          >
            Hard refresh
          </button>
          <p className="muted pad">Fetches the repository and renders the manifests again, past every cache.</p>
        </Menu>
      </div>
      <Menu label="Links" icon="link">{(turn) => name && <Links application={application} turn={turn} />}</Menu>
      <Menu label="More" icon="more">
        {[
          ["eye", "Quick view", () => show({ quick: "summary" })],
          ["config", "Edit the configuration", () => show({ tab: "configuration" })],
          ["back", "History and rollback", () => show({ tab: "timeline" })],
          ["trash", "Delete…", () => setAsking("delete")],
        ].map(([icon, label, act]) => (
          <button key={label} type="button" disabled={!name} onClick={act}>
            <Icon name={icon} />
            {label}
          </button>
        ))}
      </Menu>
      {asking === "sync" && <SyncDialog application={application} target={target} destination={destination} onClose={() => setAsking(null)} />}
      {asking === "delete" && <DeleteDialog application={application} onClose={() => setAsking(null)} />}
    </div>
  );
}
