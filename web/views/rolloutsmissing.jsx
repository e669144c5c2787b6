// Rollouts for a cluster that does not know them: one commit to the shared configuration brings their controller.
import { Dialog } from "./dialog.jsx";
import { announce, CopyId } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { useDeed } from "./mutation.jsx";

// Why nothing can be committed for clusters of this runtime; null: it can.
export function whyNoCommit(runtimes, runtime) {
  const found = runtimes?.find((one) => one.metadata.name === runtime);
  return found && !found.sharedConfigRepo ? `runtime ${runtime} has no shared configuration repository: start it with --config-repo` : null;
}

export function InstallRollouts({ runtime, cluster, onClose, onDone }) {
  const [problem, busy, run] = useDeed();
  const { data } = useAnswer("runtime_names", {});
  const off = whyNoCommit(data?.runtimes.nodes, runtime);
  const install = async () => {
    const payload = await run("install_rollouts", { runtime, cluster }, "installRollouts");
    if (!payload) return;
    const words = `The controller of Rollouts for ${cluster} is committed`;
    announce(words);
    onDone({ payload, words });
  };
  return (
    <Dialog title={`Install Rollouts in ${cluster}`} onClose={onClose} onSubmit={install} submit="Commit" busy={busy} off={data ? off : "the runtimes are being read"} problem={problem}>
      <p className="will">
        One commit to the shared configuration of {runtime}: an Application of this cluster with a namespace, a ServiceAccount, its rights and one Deployment. The controller runs Argosy's own image; nothing else is fetched. It makes the definitions
        that are missing and changes none that is there.
      </p>
      {off && (
        <div className="notice notice-amber">
          <div>
            <strong>Runtime {runtime} has no shared configuration repository</strong>
            <p>What a cluster is given is committed there. Start the runtime with one, then come back:</p>
            <CopyId value="--config-repo=URL" />
          </div>
        </div>
      )}
    </Dialog>
  );
}
