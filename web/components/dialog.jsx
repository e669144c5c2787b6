// Modal dialogs: they say what will happen, take the words that go along, and give the focus back.
import { useEffect, useId, useRef } from "react";
import { announce, Notice } from "./kit.jsx";

// `onSubmit` null: nothing to confirm. `problem`: {message, suggestion, id} of the last attempt.
export function Dialog({ title, open = true, wide = false, onClose, onSubmit = null, submit = "Confirm", danger = false, busy = false, off = null, problem = null, children }) {
  const ref = useRef(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  const send = (event) => {
    event.preventDefault();
    if (!busy && !off) onSubmit?.();
  };
  return (
    <dialog ref={ref} className={wide ? "wide" : undefined} onClose={onClose} aria-labelledby={id} onClick={(event) => event.target === ref.current && onClose()}>
      {open && (
        <form onSubmit={send}>
          <h2 id={id}>{title}</h2>
          {children}
          {problem && <Notice title="Not done" detail={problem.message} next={problem.suggestion} id={problem.id} />}
          <div className="actions">
            <button type="button" className="button" onClick={onClose}>
              {onSubmit ? "Cancel" : "Close"}
            </button>
            {onSubmit && (
              <GuardedButton type="submit" className={`button ${danger ? "danger" : "primary"}`} off={busy ? "It is being done" : off}>
                {busy ? "Working…" : submit}
              </GuardedButton>
            )}
          </div>
        </form>
      )}
    </dialog>
  );
}

// A button that is off keeps its place, can be reached, and says why: the title is its description.
export function GuardedButton({ off, onClick, type = "button", className = "button", children, ...rest }) {
  const press = (event) => {
    if (off) {
      event.preventDefault();
      announce(off);
    } else onClick?.(event);
  };
  return (
    <button type={type} className={className} aria-disabled={off ? "true" : undefined} title={off ?? undefined} onClick={press} {...rest}>
      {children}
    </button>
  );
}

export function Words({ label, value, onChange, placeholder, required = false, rows = 0, type = "text", hint = null }) {
  const id = useId();
  const props = { id, value, placeholder, required, onChange: (event) => onChange(event.target.value), "aria-describedby": hint ? `${id}-hint` : undefined };
  return (
    <div className="words">
      <label htmlFor={id}>{label}</label>
      {rows ? <textarea rows={rows} {...props} /> : <input type={type} autoComplete="off" {...props} />}
      {hint && (
        <p id={`${id}-hint`} className="muted">
          {hint}
        </p>
      )}
    </div>
  );
}
