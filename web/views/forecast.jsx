// What an update is going to do if all goes well: the controller itself, run over a simulated cluster.
import { Bone, Notice } from "./kit.jsx";
import { isUpdating, percent, seconds } from "./rollout.js";

const pods = (count) => `${count} ${count === 1 ? "pod" : "pods"}`;
const waitOf = (step) => (step.seconds === null ? "until somebody promotes" : step.seconds > 0 ? seconds(step.seconds) : "at once");

export function Forecast({ rollout, simulation, answer }) {
  const here = isUpdating(rollout) ? rollout.currentStepIndex : null;
  return (
    <details className="forecast">
      <summary>
        <strong>What if</strong>
        <span className="muted">{simulation ? (simulation.seconds === null ? "an update needs somebody to promote it" : `an update takes ${seconds(simulation.seconds)} of waiting`) : "the simulated update"}</span>
      </summary>
      {answer.error && !simulation && <Notice tone="grey" title="It could not be simulated" detail={answer.error.message} id={answer.error.id} onRetry={answer.again} />}
      {!answer.error && answer.data && !simulation && <Notice tone="grey" title="It cannot be simulated" detail={answer.data.partial?.message ?? "Its pod template is kept in another workload."} />}
      {!simulation && !answer.data && !answer.error && <Bone wide />}
      {simulation && (
        <>
          <p className="muted">
            The controller run over a simulated cluster of {simulation.replicas} pods in which every pod comes up and every analysis succeeds. {simulation.steps.some(({ routed }) => routed) ? "Weights are of traffic." : "No traffic router: weights are shares of pods."}
          </p>
          <table className="rows simulated">
            <caption className="unseen">What an update does, step by step</caption>
            <thead>
              <tr>
                <th scope="col">Step</th>
                <th scope="col">New</th>
                <th scope="col">Stable</th>
                <th scope="col">Weight of new</th>
                <th scope="col">Waits</th>
                <th scope="col">An abort here</th>
              </tr>
            </thead>
            <tbody>
              {simulation.steps.map((step, index) => (
                <tr key={index} className={index === here ? "here" : undefined} aria-current={index === here ? "step" : undefined}>
                  <th scope="row">
                    {step.name}
                    {index === here && <span className="tag">now</span>}
                  </th>
                  <td className="number">{pods(step.canaryPods)}</td>
                  <td className="number">{pods(step.stablePods)}</td>
                  <td className="number">{percent(step.weight)}</td>
                  <td>{waitOf(step)}</td>
                  <td>{abortWords(step.abort)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </details>
  );
}

function abortWords({ stableWeight, stablePods, canaryPods, settledSeconds }) {
  if (!stablePods && !stableWeight) return "nothing left to abort";
  const gone = settledSeconds === null ? `${canaryPods} new pods stay` : settledSeconds > 0 ? `new pods gone after ${seconds(settledSeconds)}` : "new pods gone at once";
  return `${percent(stableWeight)} on ${stablePods} stable ${stablePods === 1 ? "pod" : "pods"}, ${gone}`;
}
