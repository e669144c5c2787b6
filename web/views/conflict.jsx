// Somebody changed the file meanwhile: what it was, what they made of it, what you wanted, and the ways on.
import { Icon } from "./kit.jsx";
import { later } from "./later.jsx";

const TextDiff = later(() => import("./yaml.jsx").then((module) => module.TextDiff));

export function Conflict({ conflict, message, onTheirs, onMine }) {
  const { base, theirs, mine } = conflict;
  return (
    <section className="conflict" aria-label="Conflict">
      <div className="notice notice-amber" role="alert">
        <Icon name="alert" />
        <div>
          <strong>Somebody was faster</strong>
          <p>{message}. Nothing was committed.</p>
          <div className="actions">
            <button type="button" className="button small" onClick={onTheirs}>
              Start again from theirs
            </button>
            <button type="button" className="button small" onClick={onMine}>
              Keep mine, on top of theirs
            </button>
          </div>
        </div>
      </div>
      <div className="halves">
        <div className="half">
          <h2>Theirs</h2>
          <TextDiff before={base} after={theirs} label="What they changed" caption="when you began → in Git now" />
        </div>
        <div className="half">
          <h2>Mine</h2>
          <TextDiff before={base} after={mine} label="What you changed" caption="when you began → what you want" />
        </div>
      </div>
      <details>
        <summary className="muted">What your commit would undo and do</summary>
        <TextDiff before={theirs} after={mine} label="From theirs to mine" caption="in Git now → what you want" />
      </details>
    </section>
  );
}
