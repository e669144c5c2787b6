// What can be done to one resource. Each says what it will do before; what is not allowed says why.
import { useState } from "react";
import { Notice } from "./kit.jsx";
import { ask } from "./live.js";
import { toast } from "./toast.jsx";

const REPLACES = "Replaces the pods one after the other, without a change in Git.";
const SCALES = "Sets the number of replicas. With auto-sync and self-heal, Git's number comes back.";
// What an action does depends on what it is done to: a Deployment that resumes starts no jobs.
const WORDS = {
  Deployment: { restart: REPLACES, scale: SCALES, pause: "Changes of its pods wait until it is resumed.", resume: "Rolls out what has changed meanwhile." },
  StatefulSet: { restart: REPLACES, scale: SCALES },
  DaemonSet: { restart: REPLACES },
  ReplicaSet: { scale: SCALES },
  Rollout: { restart: REPLACES, scale: SCALES, pause: "The update waits where it is until it is resumed.", resume: "Goes on with the update.", abort: "Sends the traffic back to the stable pods." },
  CronJob: { "create-job": "Starts one job now, beside the schedule.", suspend: "Starts no new jobs until it is resumed.", resume: "Starts jobs again as scheduled." },
  Job: { suspend: "Ends its pods until it is resumed.", resume: "Starts its pods again.", terminate: "Ends it at once; what ran is lost." },
  Node: { cordon: "No new pods are placed on it.", uncordon: "Pods may be placed on it again." },
};

export function Actions({ application, node, mayOperate, reason, onDone }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(null);
  const resource = { group: node.group, version: node.version, kind: node.kind, namespace: node.namespace, name: node.name };
  const alone = { group: node.group, kind: node.kind, namespace: node.namespace, name: node.name };
  const run = async (name, document, variables, field) => {
    setBusy(name);
    setProblem(null);
    try {
      const { [field]: payload } = await ask(document, variables);
      const [first] = payload.errors;
      if (first) setProblem({ message: first.message, next: first.suggestion });
      else {
        toast({ text: `${name} of ${node.name} is under way`, commit: payload.ledgerCommit });
        if (document === "delete_resource") onDone();
      }
    } catch (failure) {
      setProblem({ message: failure.message, id: failure.id });
    }
    setBusy(null);
  };
  return (
    <div className="deeds">
      {problem && <Notice title="Not done" detail={problem.message} next={problem.next} id={problem.id} />}
      {!mayOperate && <Notice tone="grey" title="You may look, not change" detail={reason} />}
      {node.managed && (
        <div className="deed">
          <p>Applies what Git says of it, and nothing else of the application.</p>
          <button type="button" className="button" disabled={!mayOperate || busy === "sync"} title={mayOperate ? undefined : reason || "Not allowed"} onClick={() => run("sync", "sync", { ...application, options: { resources: [alone] } }, "syncApplication")}>
            Sync this resource
          </button>
        </div>
      )}
      {node.actions.map((action) => (
        <Action
          key={action.name}
          action={action}
          kind={node.kind}
          off={!mayOperate ? reason || "Not allowed" : action.disabled ? action.reason || "Not possible now" : null}
          busy={busy === action.name}
          onRun={(parameters) => run(action.name, "run_action", { application, resource, action: action.name, parameters }, "runResourceAction")}
        />
      ))}
      <Delete node={node} off={mayOperate ? null : reason || "Not allowed"} busy={busy === "delete"} onRun={() => run("delete", "delete_resource", { application, resource }, "deleteResource")} />
    </div>
  );
}

function Action({ action, kind, off, busy, onRun }) {
  const [replicas, setReplicas] = useState("");
  const scale = action.name === "scale";
  const submit = (event) => {
    event.preventDefault();
    onRun(scale ? { replicas: Number(replicas) } : null);
  };
  return (
    <form className="deed" onSubmit={submit}>
      <p>{WORDS[kind]?.[action.name] ?? `Asks the ${kind} to ${action.displayName.toLowerCase()}.`}</p>
      {scale && <input type="text" inputMode="numeric" pattern="\d{1,4}" required aria-label="Replicas" placeholder="Replicas" value={replicas} disabled={Boolean(off)} onChange={(event) => setReplicas(event.target.value)} />}
      <button type="submit" className="button" disabled={Boolean(off) || busy} title={off ?? undefined}>
        {action.displayName}
      </button>
    </form>
  );
}

function Delete({ node, off, busy, onRun }) {
  const [sure, setSure] = useState(false);
  const back = node.managed ? "It is in Git: the next sync creates it again." : "Its owner may create it again.";
  return (
    <div className="deed">
      <p>Deletes {node.name} and what it owns from the cluster. {back}</p>
      {sure ? (
        <>
          <button type="button" className="button" onClick={() => setSure(false)}>
            Keep it
          </button>
          <button type="button" className="button danger" disabled={busy} onClick={onRun}>
            Delete {node.name}
          </button>
        </>
      ) : (
        <button type="button" className="button danger" disabled={Boolean(off)} title={off ?? undefined} onClick={() => setSure(true)}>
          Delete
        </button>
      )}
    </div>
  );
}
