// Registering a runtime: a name, then the one look at its token with the command that uses it.
import { useState } from "react";
import { Dialog, Words } from "./dialog.jsx";
import { CopyId } from "./kit.jsx";
import { useDeed } from "./mutation.jsx";

// The command runs next to the cluster; the token is good for this runtime only.
export function Join({ name, token }) {
  const link = `${location.origin.replace("http", "ws")}/link`;
  return (
    <>
      <p>Run this where kubectl reaches the cluster. The runtime dials in by itself; nothing has to be opened for it.</p>
      <pre className="command">{`argosy runtime manifests ${name} --link ${link} --token TOKEN | kubectl apply -f -`}</pre>
      <p>
        Its token, shown this once: <CopyId value={token} />
      </p>
    </>
  );
}

export function NewRuntime({ open, onClose }) {
  const [name, setName] = useState("");
  const [made, setMade] = useState(null);
  const [problem, busy, run] = useDeed();
  const create = async () => {
    const payload = await run("create_runtime", { name: name.trim() }, "createRuntime");
    if (payload) setMade({ name: name.trim(), token: payload.token });
  };
  const close = () => {
    setMade(null);
    setName("");
    onClose();
  };
  if (made) {
    return (
      <Dialog title={`Runtime ${made.name} may connect`} open={open} wide onClose={close}>
        <Join {...made} />
      </Dialog>
    );
  }
  return (
    <Dialog title="Add a runtime" open={open} onClose={close} onSubmit={create} submit="Register" busy={busy} off={name.trim() ? null : "give it a name"} problem={problem}>
      <p className="will">Registers a runtime that you install next to a cluster. Nothing changes in any cluster until you run its command.</p>
      <Words label="Name" value={name} onChange={setName} placeholder="eu-1" required />
    </Dialog>
  );
}
