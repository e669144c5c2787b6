// The first steps of an empty control plane: a runtime, its Git host, a cluster. Each may wait; what is done stays done.
import { useState } from "react";
import { announce, CopyId, Icon } from "./kit.jsx";
import { useAnswer, useStream } from "./live.js";
import { Refused, useDeed } from "./mutation.jsx";

const LATER = "argosy-set-up-later";
const HYBRID = "argosy runtime create NAME && argosy runtime manifests NAME | kubectl apply -f -";

export function SetUp() {
  const [stamp, setStamp] = useState(0);
  const { data, again } = useAnswer("hosted_setup", {}, { stamp });
  const [later, setLater] = useState(() => sessionStorage.getItem(LATER) !== null);
  const setup = data?.hostedSetup;
  const shown = Boolean(data?.me?.isAdmin && setup?.needed && !later);
  // Each step is done when a runtime says something new: that it is there, reads Git, reaches a cluster.
  useStream("banner_changes", {}, { enabled: shown, onEvent: () => setStamp((count) => count + 1) });
  if (!shown) return null;
  const open = setup.steps.find((step) => !step.done)?.name;
  const wait = () => {
    sessionStorage.setItem(LATER, "");
    setLater(true);
  };
  return (
    <section className="tile set-up" aria-label="Set up">
      <div className="tile-head">
        <h2>Set up in three steps</h2>
        <button type="button" className="button small" onClick={wait}>
          Later
        </button>
      </div>
      <ol>
        {setup.steps.map((step, index) => (
          <li key={step.name} aria-current={step.name === open ? "step" : undefined}>
            <span className={`step-mark status-${step.done ? "green" : "grey"}`}>{step.done ? <Icon name="done" /> : index + 1}</span>
            <div>
              <h3>
                {step.title}
                {step.done && <span className="unseen"> (done)</span>}
              </h3>
              {step.name === open && <Step step={step} setup={setup} onDone={again} />}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Step({ step, setup, onDone }) {
  if (step.name === "INSTALL_RUNTIME") return <Install setup={setup} onDone={onDone} />;
  if (step.name === "CONNECT_GIT") return <ConnectGit runtime={setup.runtime.metadata.name} onDone={onDone} />;
  return (
    <>
      <p className="muted">Run this where a kubeconfig has the cluster. It makes a ServiceAccount there and hands its token to the runtime:</p>
      <CopyId value={step.command} />
    </>
  );
}

function Install({ setup, onDone }) {
  const [problem, busy, run] = useDeed();
  const install = async () => {
    if (!(await run("create_hosted_runtime", {}, "createHostedRuntime"))) return;
    announce("The runtime is starting");
    onDone();
  };
  if (setup.runtime) return <p className="muted">{setup.runtime.healthMessage ?? "It is starting."}</p>;
  return (
    <>
      <Refused problem={problem} />
      {setup.possible ? (
        <p>
          <button type="button" className="button primary" disabled={busy} onClick={install}>
            Install a hosted runtime
          </button>
        </p>
      ) : (
        <p className="muted">A hosted runtime cannot be installed: {setup.reason}.</p>
      )}
      <p className="muted">Or let a runtime live in a cluster of yours; it dials in:</p>
      <CopyId value={HYBRID} />
    </>
  );
}

function ConnectGit({ runtime, onDone }) {
  const [problem, busy, run] = useDeed();
  const connect = async (event) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const input = { runtime, url: fields.get("url"), username: fields.get("username"), token: fields.get("token") };
    const done = await run("connect_git_host", { input }, "connectGitHost");
    if (!done) return;
    announce(done.made.length ? `Made ${done.made.join(" and ")}` : "The Git host is connected");
    onDone();
  };
  return (
    <>
      <p className="muted">
        The token stays with the runtime. Two repositories are made where they are missing: argosy-config, the shared configuration, and {runtime}-git-source, for manifests of applications.
      </p>
      <Refused problem={problem} />
      <form className="line-form" onSubmit={connect} aria-label="Git host">
        <label>
          Host and organisation
          <input name="url" type="text" required placeholder="https://git.example.com/acme" />
        </label>
        <label>
          User
          <input name="username" type="text" required autoComplete="off" />
        </label>
        <label>
          Token
          <input name="token" type="password" required autoComplete="off" />
        </label>
        <button type="submit" className="button primary" disabled={busy}>
          {busy ? "Connecting, up to a minute" : "Connect"}
        </button>
      </form>
    </>
  );
}
