// Sign-in: the password goes to /auth/login and nowhere else; the session comes back as a cookie that scripts cannot read.
// Accounts elsewhere begin at /auth/sign-in/NAME, which sends the browser to the provider and back.
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
    try {
      const response = await fetch("/auth/login", {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ username: fields.get("username"), password: fields.get("password") }),
      });
      if (response.ok) return location.assign(safeTarget());
      setProblem(REASONS[response.status] ?? `Sign-in failed: the control plane answered ${response.status}.`);
    } catch {
      setProblem("The control plane does not answer. Check that it runs, then try again.");
    }
    return setBusy(false);
  };
  return (
    <form className="login" method="post" action="/auth/login" onSubmit={submit} aria-labelledby="sign-in">
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
      {providers.length > 0 && (
        <>
          <p className="or">or</p>
          {providers.map((one) => (
            <a key={one.name} className="button" href={`/auth/sign-in/${encodeURIComponent(one.name)}?return=${encodeURIComponent(target)}`}>
              <Icon name="link" />
              Sign in with {one.title}
            </a>
          ))}
        </>
      )}
    </form>
  );
}
