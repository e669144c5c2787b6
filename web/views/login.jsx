// Sign-in: the password goes to /auth/login and nowhere else; the session comes back as a cookie that scripts cannot read.
import { useEffect, useState } from "react";

const safeTarget = () => {
  const next = new URLSearchParams(location.search).get("next") ?? "";
  return /^\/(?![/\\])/.test(next) ? next : "/";
};

const REASONS = {
  401: "Name or password is not right.",
  429: "Too many attempts. Wait a minute, then try again.",
};

export function LoginForm() {
  const [problem, setProblem] = useState("");
  // Off until the script runs: a browser's own submission would not be what /auth/login reads.
  const [busy, setBusy] = useState(true);
  useEffect(() => setBusy(false), []);
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
    </form>
  );
}
