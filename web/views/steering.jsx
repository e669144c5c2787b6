// What can be done to a Rollout. Each deed says what it will do, takes a reason, and is written to the ledger before it is done.
import { useEffect, useState } from "react";
import { Dialog, GuardedButton, Words } from "./dialog.jsx";
import { Icon } from "./kit.jsx";
import { ask } from "./live.js";
import { ACTIONS, willOf } from "./rollout.js";
import { toast } from "./toast.jsx";

const FIRST = ["PROMOTE", "RESUME", "PAUSE", "SKIP_STEP", "PROMOTE_FULL", "ABORT", "RETRY"];
const LATER = ["RESTART", "ROLLBACK"];
export const refOf = ({ metadata: { namespace, name } }) => ({ group: "argoproj.io", version: "v1alpha1", kind: "Rollout", namespace, name });

// Of two buttons that exclude each other the one that is possible is shown; nothing moves when they change places.
function shownActions(rollout) {
  const possible = (action) => rollout.availableActions.find((one) => one.action === action)?.allowed;
  return FIRST.filter((action) => (action === "RESUME" ? possible("RESUME") && !possible("PROMOTE") : action === "RETRY" ? possible("RETRY") : action === "ABORT" ? !possible("RETRY") : true));
}

export function Steering({ application, rollout, mayOperate, reason, forecast }) {
  const [asking, setAsking] = useState(null);
  const offOf = (action) => {
    if (!mayOperate) return reason || "You may not do this";
    const state = rollout.availableActions.find((one) => one.action === action);
    return state?.allowed ? null : state?.reason || "Not possible now";
  };
  const primary = ["PROMOTE", "RETRY", "RESUME"].find((action) => !offOf(action));
  const button = (action) => (
    <GuardedButton key={action} off={offOf(action)} className={`button${ACTIONS[action].danger ? " danger" : action === primary ? " primary" : ""}`} onClick={() => setAsking(action)}>
      <Icon name={ACTIONS[action].icon} />
      {ACTIONS[action].label}
    </GuardedButton>
  );
  return (
    <div className="steering" role="group" aria-label={`What can be done to ${rollout.metadata.name}`}>
      {shownActions(rollout).map(button)}
      <span className="grow" />
      {LATER.map(button)}
      <GuardedButton off={mayOperate ? null : reason || "You may not do this"} onClick={() => setAsking("SET_IMAGE")}>
        <Icon name="edit" />
        Set image
      </GuardedButton>
      {asking === "SET_IMAGE" && <SetImage application={application} rollout={rollout} onClose={() => setAsking(null)} />}
      {asking && asking !== "SET_IMAGE" && <Confirm application={application} rollout={rollout} action={asking} forecast={forecast} off={offOf(asking)} onClose={() => setAsking(null)} />}
    </div>
  );
}

// Sends a deed, and tells of it: {busy, problem, send}.
function useDeed(onClose, text) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const send = async (document, field, variables) => {
    setBusy(true);
    setProblem(null);
    try {
      const { [field]: payload } = await ask(document, variables);
      const [first] = payload.errors;
      if (first) setProblem(first);
      else {
        toast({ text, commit: payload.ledgerCommit });
        onClose();
      }
    } catch (failure) {
      setProblem({ message: failure.message, suggestion: "It is safe to try again.", id: failure.id });
    }
    setBusy(false);
  };
  return { busy, problem, send };
}

function Confirm({ application, rollout, action, forecast, off, onClose }) {
  const [why, setWhy] = useState("");
  const older = rollout.revisions.slice(1);
  const [to, setTo] = useState(older[0]?.revision ?? null);
  const { name } = rollout.metadata;
  const { label, danger } = ACTIONS[action];
  const { busy, problem, send } = useDeed(onClose, `${label}: Rollout ${name}`);
  const submit = () => send("rollout_action", "rolloutAction", { application, rollout: refOf(rollout), action, toRevision: action === "ROLLBACK" ? to : null, reason: why || null });
  const abort = forecast?.steps[rollout.currentStepIndex ?? 0]?.abort;
  return (
    <Dialog title={`${label}: ${name}`} onClose={onClose} onSubmit={submit} submit={label} danger={danger} busy={busy} off={off} problem={problem}>
      <p className="will">{willOf(action, rollout, { abort })}</p>
      {action === "ROLLBACK" && (
        <fieldset className="choices">
          <legend>Revision</legend>
          {older.map((one) => (
            <label key={one.revision} className="check">
              <input type="radio" name="revision" checked={to === one.revision} onChange={() => setTo(one.revision)} />
              <span>{one.revision}</span>
              <code>{one.images.join(", ")}</code>
              <span className="muted">{one.role.join(", ")}</span>
            </label>
          ))}
        </fieldset>
      )}
      <Words label="Reason (optional)" value={why} onChange={setWhy} placeholder="Stands in the audit log" />
    </Dialog>
  );
}

function SetImage({ application, rollout, onClose }) {
  const [containers, setContainers] = useState(null);
  const [selfHeal, setSelfHeal] = useState(false);
  const [images, setImages] = useState({});
  const [why, setWhy] = useState("");
  const [failure, setFailure] = useState(null);
  const { name } = rollout.metadata;
  const { busy, problem, send } = useDeed(onClose, `Set image: Rollout ${name}`);
  useEffect(() => {
    const controller = new AbortController();
    ask("rollout_containers", { ...application, ref: refOf(rollout) }, controller.signal).then(
      ({ application: found }) => {
        const pods = found?.resource?.liveManifest?.spec?.template?.spec;
        setContainers([...(pods?.containers ?? []), ...(pods?.initContainers ?? [])]);
        setSelfHeal(Boolean(found?.autoSync?.selfHeal));
      },
      (error) => error.name === "AbortError" || setFailure({ message: error.message, id: error.id }),
    );
    return () => controller.abort();
  }, []);
  const changed = Object.fromEntries((containers ?? []).map((one) => [one.name, (images[one.name] ?? one.image).trim()]).filter(([container, image]) => image && image !== containers.find((one) => one.name === container).image));
  const submit = () => send("run_action", "runResourceAction", { application, resource: refOf(rollout), action: "set-image", parameters: { images: changed }, reason: why || null });
  const none = containers && !containers.length ? "Its pod template is kept in another workload" : Object.keys(changed).length ? null : "No image differs from what runs";
  return (
    <Dialog title={`Set image: ${name}`} onClose={onClose} onSubmit={submit} submit="Set image" busy={busy} off={none} problem={problem ?? failure}>
      <p className="will">
        Changes the image in the cluster only, and starts an update to it.{" "}
        {selfHeal ? "The application heals itself: Git's image comes back with its next look. Commit the image instead to keep it." : "Git still says otherwise, so the application is out of sync until the same image is committed."}
      </p>
      {(containers ?? []).map((one) => (
        <Words key={one.name} label={`Image of ${one.name}`} value={images[one.name] ?? one.image} onChange={(value) => setImages({ ...images, [one.name]: value })} />
      ))}
      {!containers && !failure && <p className="muted">Reading the containers…</p>}
      <Words label="Reason (optional)" value={why} onChange={setWhy} placeholder="Stands in the audit log" />
    </Dialog>
  );
}
