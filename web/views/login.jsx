// Sign-in: the password goes to /auth/login and nowhere else; the session comes back as a cookie that scripts cannot read.
// Accounts elsewhere begin at /auth/sign-in/NAME, which sends the browser to the provider and back; a personal token of a
// Git host is posted there.
import { useEffect, useState } from "react";
import { Icon } from "./kit.jsx";

const safeTarget = () => {
  const next = new URLSearchParams(location.search).get("next") ?? "";
  return /^\/(?![/\\])/.test(next) && !/^\/login\b/.test(next) ? next : "/";
};

const REASONS = {
  401: "Name or password is not right.",
  429: "Too many attempts. Wait a minute, then try again.",
};
const TOKEN_REASONS = {
  401: "The Git host does not accept this token, or its account may not sign in here.",
  422: "That is no personal token of this host. Make one in the settings of your account there.",
  429: "Too many attempts. Wait a minute, then try again.",
  502: "The Git host does not answer. Try again in a moment.",
};
// What a sign-in with an account elsewhere came back with.
const REFUSALS = {
  UNAUTHORIZED_ERROR: "This account may not sign in here, or the sign-in took too long. Try again, or ask an administrator.",
  NOT_FOUND_ERROR: "That way to sign in does not exist any more.",
};

function useProviders() {
  const [providers, setProviders] = useState([]);
  useEffect(() => {
    const controller = new AbortController();
    fetch("/auth/providers", { signal: controller.signal })
      .then((response) => (response.ok ? response.json() : []))
      .then(setProviders, () => null); // without them the password still works
    return () => controller.abort();
  }, []);
  return providers;
}

async function post(address, body, reasons) {
  try {
    const response = await fetch(address, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (response.ok) return location.assign(safeTarget());
    return reasons[response.status] ?? `Sign-in failed: the control plane answered ${response.status}.`;
  } catch {
    return "The control plane does not answer. Check that it runs, then try again.";
  }
}

function TokenForm({ provider, disabled }) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const id = `token-${provider.name}`;
  const submit = async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.currentTarget));
    setBusy(true);
    setProblem("");
    setProblem((await post(`/auth/sign-in/${encodeURIComponent(provider.name)}`, fields, TOKEN_REASONS)) ?? "");
    setBusy(false);
  };
  return (
    <form className="token" method="post" onSubmit={submit}>
      {provider.needsUsername && (
        <>
          <label htmlFor={`${id}-username`}>Email of your account at {provider.title}</label>
          <input id={`${id}-username`} name="username" type="email" autoComplete="email" required />
        </>
      )}
      <label htmlFor={id}>Personal token of {provider.title}</label>
      <input id={id} name="token" type="password" autoComplete="off" required aria-describedby={`${id}-problem`} />
      <p id={`${id}-problem`} className="problem" role="alert">
        {problem}
      </p>
      <button type="submit" className="button" disabled={disabled || busy}>
        Sign in with this token
      </button>
    </form>
  );
}

export function LoginForm() {
  const providers = useProviders();
  const [problem, setProblem] = useState("");
  const [target, setTarget] = useState("/");
  // Off until the script runs: a browser's own submission would not be what /auth/login reads.
  const [busy, setBusy] = useState(true);
  useEffect(() => {
    setBusy(false);
    setTarget(safeTarget());
    const code = new URLSearchParams(location.search).get("problem");
    if (code) setProblem(REFUSALS[code] ?? "The sign-in did not succeed. Try again.");
  }, []);
  const submit = async (event) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    setBusy(true);
    setProblem("");
    const body = { username: fields.get("username"), password: fields.get("password") };
    setProblem((await post("/auth/login", body, REASONS)) ?? "");
    return setBusy(false);
  };
  return (
    <div className="login">
      <form method="post" action="/auth/login" onSubmit={submit} aria-labelledby="sign-in">
        <h1 id="sign-in">Sign in to Argosy</h1>
        <label htmlFor="username">Name</label>
        <input id="username" name="username" autoComplete="username" autoFocus required aria-describedby="login-problem" />
        <label htmlFor="password">Password</label>
        <input id="password" name="password" type="password" autoComplete="current-password" required aria-describedby="login-problem" />
        <p id="login-problem" className="problem" role="alert">
          {problem}
        </p>
        <button type="submit" className="button primary" disabled={busy}>
          Sign in
        </button>
      </form>
      {providers.length > 0 && <p className="or">or</p>}
      {providers
        .filter((one) => one.account)
        .map((one) => (
          <a key={one.name} className="button" href={`/auth/sign-in/${encodeURIComponent(one.name)}?return=${encodeURIComponent(target)}`}>
            <Icon name="link" />
            Sign in with {one.title}
          </a>
        ))}
      {providers
        .filter((one) => one.personalToken)
        .map((one) => (
          <TokenForm key={one.name} provider={one} disabled={busy} />
        ))}
    </div>
  );
}
