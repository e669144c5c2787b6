// Deleting an application: its file goes from Git, and its name has to be typed.
import { useState } from "react";
import { Dialog, Words } from "./dialog.jsx";
import { Bone, Icon } from "./kit.jsx";
import { ask, useAnswer } from "./live.js";
import { documentOf, read, valueAt } from "./manifest.js";
import { toast } from "./toast.jsx";

const FINALIZER = "resources-finalizer.argocd.argoproj.io";

export function DeleteDialog({ application, onClose }) {
  const { name } = application;
  const { data, error } = useAnswer("configuration", application);
  const [typed, setTyped] = useState("");
  const [message, setMessage] = useState(`Delete ${name}`);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const found = data?.application;
  const file = found?.manifestFile;
  const cascades = file && (valueAt(read(documentOf(file.text, file.document).text), ["metadata", "finalizers"]) ?? []).some((one) => one.startsWith(FINALIZER));
  const mayNot = found && !found.permissions.delete.allowed ? found.permissions.delete.reason || "You may not delete it" : null;
  const off = error ? null : !data ? "Its file is being read" : !file ? "No Git Source holds its manifest" : (mayNot ?? (typed === name ? null : `Type ${name} first`));
  const submit = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const { deleteApplication: payload } = await ask("delete_application", { input: { application, confirmName: typed, commit: { message } } });
      const [first] = payload.errors;
      if (first) setProblem(first);
      else {
        toast({ text: `Deleted ${name} from Git; the cluster follows`, commit: payload.commit });
        onClose();
      }
    } catch (failure) {
      setProblem({ message: failure.message, suggestion: "It is safe to try again.", id: failure.id });
    }
    setBusy(false);
  };
  return (
    <Dialog title={`Delete ${name}`} onClose={onClose} onSubmit={submit} submit="Commit and delete" danger busy={busy} off={off} problem={problem ?? (error ? { message: error.message, id: error.id } : null)}>
      {data && !file ? (
        <p className="will">No Git Source holds its manifest, so there is no file to delete. Delete it where it was made.</p>
      ) : (
        <p className="notice notice-red">
          <Icon name="alert" />
          <span>
            Removes {file ? <code>{file.path}</code> : <Bone />} from {file ? `${file.repoURL.split("/").at(-1).replace(/\.git$/, "")}, branch ${file.branch}` : "Git"}. {!file ? "" : cascades ? "Its resources are deleted from the cluster with it." : "Its resources stay in the cluster and belong to nobody then: it has no finalizer."}
          </span>
        </p>
      )}
      <Words label={`Type ${name} to confirm`} value={typed} onChange={setTyped} />
      <Words label="Commit message" value={message} onChange={setMessage} required />
    </Dialog>
  );
}
