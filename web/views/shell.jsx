// The living parts of the frame: shortcuts, command bar, help, theme, person, connection, zone.
import "@fontsource-variable/inter/index.css";
import "@fontsource-variable/jetbrains-mono/index.css";
import { useContext, useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { ColorModeContext } from "$/utils/context-registry";
import { EventLoopContext } from "$/utils/context";
import { ask, useConnection } from "./live.js";
import { useClosing } from "./closing.js";
import { AppLink, Icon } from "./kit.jsx";
import { Health, Sync } from "./status.jsx";
import { placeOf } from "./place.js";
import { clock, zone } from "./time.js";

const SHORTCUTS = [
  ["/", "Search this page"],
  ["Ctrl K", "Jump to a page or an application"],
  ["g a", "Applications"],
  ["g h", "Home"],
  ["g o", "Rollouts"],
  ["g d", "DORA"],
  ["g r", "Runtimes"],
  ["g c", "Clusters"],
  ["g t", "Git Sources"],
  ["g u", "Audit"],
  ["g s", "Settings"],
  ["b", "Activity"],
  ["j  k", "Next, previous row"],
  ["x", "Choose the row"],
  ["← →", "Shut, open what the row holds"],
  ["Enter", "Open"],
  ["s", "Sync"],
  ["r", "Refresh"],
  ["d", "Diff"],
  ["Escape", "Close, leave the search"],
  ["?", "This help"],
];
const PLACES = { a: "/applications", h: "/", o: "/rollouts", d: "/dora", c: "/clusters", t: "/git-sources", s: "/settings", r: "/runtimes", u: "/audit" };

const typing = (target) => target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);

// Elements say which key presses them: <button data-key="s">. The first that is visible and enabled wins.
function press(key) {
  const found = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find((element) => element.offsetParent && !element.disabled);
  if (!found) return false;
  if (found.tagName === "INPUT") {
    found.focus();
    found.select();
  } else found.click();
  return true;
}

function useShortcuts({ openJump, openHelp }) {
  const navigate = useNavigate();
  useEffect(() => {
    let going = 0;
    const onKey = (event) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        return openJump();
      }
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || typing(event.target)) return undefined;
      if (document.querySelector("dialog[open]")) return undefined;
      if (going && Date.now() - going < 1200 && PLACES[event.key]) {
        going = 0;
        return navigate(PLACES[event.key]);
      }
      going = event.key === "g" ? Date.now() : 0;
      if (event.key === "?") return openHelp();
      if (press(event.key)) event.preventDefault();
      return undefined;
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [navigate]);
}

function Dialog({ open, onClose, label, className, children }) {
  const ref = useRef(null);
  useEffect(() => {
    const dialog = ref.current;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  return (
    <dialog
      ref={ref}
      className={className}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => event.target === ref.current && onClose()}
    >
      {open && children}
    </dialog>
  );
}

// Pages whose name has the words, then applications that the control plane found.
export const choicesOf = (text, places, applications) => [
  ...places
    .filter(({ label }) => label.toLowerCase().includes(text.trim().toLowerCase()))
    .slice(0, text ? 8 : 4)
    .map(({ label, path }) => ({ id: path, to: path, label })),
  ...applications.map((one) => ({ id: one.id, to: placeOf(one.metadata), label: one.metadata.name, application: one })),
];

function Jump({ open, onClose, places }) {
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [found, setFound] = useState([]);
  const [at, setAt] = useState(0);
  useEffect(() => {
    if (!open) return undefined;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      ask("jump", { search: text }, controller.signal).then(
        (data) => {
          setFound(data.applications.nodes);
          setAt(0);
        },
        () => setFound([]),
      );
    }, 120);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [open, text]);
  const choices = choicesOf(text, places, found);
  const go = ({ to }) => {
    onClose();
    setText("");
    navigate(to);
  };
  const onKey = (event) => {
    if (event.key === "ArrowDown") setAt((before) => Math.min(before + 1, choices.length - 1));
    else if (event.key === "ArrowUp") setAt((before) => Math.max(before - 1, 0));
    else if (event.key === "Enter" && choices[at]) go(choices[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog open={open} onClose={onClose} label="Jump to a page or an application" className="jump">
      <div className="field">
        <Icon name="search" />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls="jump-found"
          aria-activedescendant={choices[at] ? `jump-${at}` : undefined}
          aria-label="Page or application"
          placeholder="Jump to a page or an application"
          autoFocus
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKey}
        />
      </div>
      <ul id="jump-found" role="listbox" aria-label="Pages and applications">
        {choices.map((choice, index) => (
          <li key={choice.id} id={`jump-${index}`} role="option" aria-selected={index === at} onClick={() => go(choice)}>
            {choice.application ? (
              <>
                <Health bare status={choice.application.healthStatus} />
                <Sync bare status={choice.application.syncStatus} />
              </>
            ) : (
              <Icon name="chevron" />
            )}
            <span>{choice.label}</span>
            <span className="muted">
              {choice.application ? `${choice.application.metadata.runtime} / ${choice.application.metadata.namespace}` : "page"}
            </span>
          </li>
        ))}
      </ul>
      {choices.length === 0 && <p className="muted pad">No page and no application has this in its name.</p>}
    </Dialog>
  );
}

// Shortcuts, command bar and help; renders the search button of the top bar.
export function Commands({ places }) {
  const [jump, setJump] = useState(false);
  const [help, setHelp] = useState(false);
  useShortcuts({ openJump: () => setJump(true), openHelp: () => setHelp(true) });
  return (
    <>
      <button type="button" className="button jump-button" onClick={() => setJump(true)} aria-label="Jump to a page or an application">
        <Icon name="search" />
        <span>Jump to</span>
        <kbd>Ctrl K</kbd>
      </button>
      <Jump open={jump} onClose={() => setJump(false)} places={places} />
      <Dialog open={help} onClose={() => setHelp(false)} label="Keyboard" className="help">
        <h2>Keyboard</h2>
        <dl className="keys">
          {SHORTCUTS.map(([keys, what]) => (
            <div key={keys}>
              <dt>
                {keys.split(/ +/).map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <button type="button" className="button" onClick={() => setHelp(false)}>
          Close
        </button>
      </Dialog>
    </>
  );
}

export function ThemeToggle() {
  const { resolvedColorMode, setColorMode } = useContext(ColorModeContext);
  const [shown, setShown] = useState(false);
  useEffect(() => setShown(true), []);
  const dark = shown && resolvedColorMode === "dark";
  return (
    <button
      type="button"
      className="button quiet icon-only"
      aria-label={dark ? "Use the light theme" : "Use the dark theme"}
      title={dark ? "Light theme" : "Dark theme"}
      onClick={() => setColorMode(dark ? "light" : "dark")}
    >
      <Icon name={dark ? "sun" : "moon"} />
    </button>
  );
}

export function PersonMenu({ name, email }) {
  const ref = useRef(null);
  const { rawColorMode, setColorMode } = useContext(ColorModeContext);
  useClosing(ref, { onChoice: true });
  const leave = async () => {
    await fetch("/auth/logout", { method: "POST", credentials: "same-origin" }).catch(() => null);
    location.assign("/login");
  };
  if (!name) return <span className="bone" aria-hidden="true" />;
  return (
    <details className="menu" ref={ref}>
      <summary className="button quiet">
        <span className="unseen">Signed in as </span>
        {name}
        <Icon name="down" />
      </summary>
      <div className="menu-body menu-right">
        {email && <p className="muted pad">{email}</p>}
        <AppLink to="/settings">Settings</AppLink>
        <button type="button" disabled={rawColorMode === "system"} onClick={() => setColorMode("system")}>
          Theme of the system
        </button>
        <button type="button" onClick={leave}>
          Sign out
        </button>
      </div>
    </details>
  );
}

export function NavLink({ to, current, children }) {
  return (
    <AppLink to={to} className="nav-link" current={current}>
      {children}
    </AppLink>
  );
}

// Opens further places; closes when one is chosen, with Escape, and with a click elsewhere.
export function NavMenu({ label, current, children }) {
  const ref = useRef(null);
  useClosing(ref, { onChoice: true });
  return (
    <details className="menu nav-menu" ref={ref}>
      <summary className="nav-link" data-current={current || undefined}>
        {label}
        <Icon name="down" />
      </summary>
      <div className="menu-body">{children}</div>
    </details>
  );
}

// The banner that tells that nothing moves any more.
export function Connection() {
  const stream = useConnection();
  const [, failures] = useContext(EventLoopContext);
  const lost = stream.up === false || failures?.length > 1;
  const [since, setSince] = useState(null);
  useEffect(() => setSince(lost ? new Date().toISOString() : null), [lost]);
  if (!lost) return null;
  return (
    <div className="banner" role="status">
      <Icon name="alert" />
      <span>
        The control plane does not answer{since ? ` since ${clock(since)}` : ""}. What you see is from then; it goes on by itself once the
        connection is back.
      </span>
    </div>
  );
}

export function Zone() {
  const [name, setName] = useState("");
  useEffect(() => setName(zone()), []);
  return <span>{name ? `all times ${name}` : ""}</span>;
}

// A plain link: the router would change the address without moving the focus.
export function Skip() {
  return (
    <a className="skip" href="#content">
      Skip to content
    </a>
  );
}
