// Settings: who one is and what one may do, API tokens, Git accounts, users, the theme.
import { useContext, useEffect, useState } from "react";
import { ColorModeContext } from "$/utils/context-registry";
import { announce, AppLink, Bone, CopyId, Empty, Icon, Moment, Notice } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { Refused, useDeed } from "./mutation.jsx";
import { placeOf } from "./place.js";
import { Table } from "./table.jsx";
import { day } from "./time.js";
import { QueryLink, useQuery } from "./url.jsx";

const TABS = [
  ["you", "You"],
  ["tokens", "API tokens"],
  ["git", "Git accounts"],
  ["people", "Users"],
];

export function Settings() {
  const search = useQuery();
  const tab = TABS.some(([key]) => key === search.get("tab")) ? search.get("tab") : "you";
  const { data } = useAnswer("settings", {});
  return (
    <>
      <div className="page-head">
        <h1>Settings</h1>
      </div>
      <nav className="tabs" aria-label="Settings">
        {TABS.map(([key, label]) => (
          <QueryLink key={key} className="tab" current={tab === key} changes={{ tab: key === "you" ? null : key }}>
            {label}
          </QueryLink>
        ))}
      </nav>
      {tab === "you" && <You data={data} />}
      {tab === "tokens" && <Tokens />}
      {tab === "git" && <GitAccounts runtimes={data?.runtimes.nodes} me={data?.me} />}
      {tab === "people" && <People me={data?.me} />}
    </>
  );
}

const ROLES = [
  ["Administrator", "Sees runtimes, clusters and applications that no repository rules; registers runtimes; looks after users. Git decides about everything else, as for anybody."],
  ["May push to a repository", "Creates, edits and deletes what its Git Sources hold, and syncs, refreshes, rolls back and steers it. Each of these is a commit in the person's name."],
  ["May read a repository", "Sees its applications, their trees, manifests, differences, logs, releases and commits."],
  ["Neither", "Does not see that it exists."],
];

function You({ data }) {
  const me = data?.me;
  return (
    <div className="setting">
      <section aria-label="Person">
        <h2>{me ? me.name : <Bone wide />}</h2>
        <p className="muted">
          {[me?.email, me?.isAdmin && "administrator"].filter(Boolean).join(" · ")}
        </p>
      </section>
      <section aria-label="Theme">
        <h2>Theme</h2>
        <Theme />
      </section>
      <section aria-label="Password">
        <h2>Password</h2>
        <Password />
      </section>
      <section aria-label="What you may do">
        <h2>What you may do</h2>
        <p className="muted">Rights are those of the Git host; nothing is granted here. They are asked anew every minute.</p>
        {!data && <Bone wide />}
        {data?.gitSources.nodes.length === 0 && <Empty title="No Git Source that you may read" next="Enter a Git token under Git accounts, or ask for access on the Git host." />}
        {data?.gitSources.nodes.length > 0 && (
          <Table caption="Your rights by Git Source" heads={["Git Source", "Runtime", "Repository", "You may"]}>
            {data.gitSources.nodes.map((one) => (
              <tr key={one.id}>
                <th scope="row">
                  <AppLink to={placeOf(one.metadata)}>{one.metadata.name}</AppLink>
                </th>
                <td>{one.metadata.runtime}</td>
                <td title={one.repoURL}>{one.repoURL}</td>
                <td title={one.permissions.reason ?? undefined}>{one.permissions.write ? "read and change" : "read"}</td>
              </tr>
            ))}
          </Table>
        )}
      </section>
      <section aria-label="Roles">
        <h2>Who may do what</h2>
        <dl className="facts wide-facts">
          {ROLES.map(([role, what]) => (
            <div key={role}>
              <dt>{role}</dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  );
}

const THEMES = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

function Theme() {
  const { rawColorMode, setColorMode } = useContext(ColorModeContext);
  return (
    <div className="segments" role="group" aria-label="Theme">
      {THEMES.map(([mode, word]) => (
        <button key={mode} type="button" className="button" aria-pressed={rawColorMode === mode} onClick={() => setColorMode(mode)}>
          {word}
        </button>
      ))}
    </div>
  );
}

function Password() {
  const [problem, busy, run] = useDeed();
  const change = async (event) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const done = await run("change_password", { current: fields.get("current"), new: fields.get("new") }, "changePassword");
    if (done) location.assign("/login?next=%2Fsettings");
  };
  return (
    <>
      <p className="muted">Changing it ends all your sessions, this one too, and your API tokens. Who signs in with an account elsewhere has none.</p>
      <Refused problem={problem} />
      <form className="line-form" onSubmit={change} aria-label="Password">
        <label>
          Present password
          <input name="current" type="password" autoComplete="current-password" required />
        </label>
        <label>
          New password
          <input name="new" type="password" autoComplete="new-password" minLength={10} required />
        </label>
        <button type="submit" className="button" disabled={busy}>
          Change password
        </button>
      </form>
    </>
  );
}

function Sure({ label, question, onDo, busy }) {
  const [asked, setAsked] = useState(false);
  if (!asked) {
    return (
      <button type="button" className="button small" onClick={() => setAsked(true)}>
        {label}
      </button>
    );
  }
  return (
    <span className="sure">
      {question}
      <button type="button" className="button small" onClick={() => setAsked(false)}>
        Keep
      </button>
      <button type="button" className="button small danger" autoFocus disabled={busy} onClick={onDo}>
        {label}
      </button>
    </span>
  );
}

function Tokens() {
  const { data, error, again } = useAnswer("api_tokens", {});
  const [problem, busy, run] = useDeed();
  const [made, setMade] = useState(null);
  const create = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const payload = await run("create_api_token", { name: fields.get("name"), days: Number(fields.get("days")) }, "createApiToken");
    if (!payload) return;
    setMade(payload);
    form.reset();
    again();
  };
  const revoke = async (token) => {
    if (await run("revoke_api_token", { id: token.id }, "revokeApiToken")) {
      announce(`Token ${token.name} is revoked`);
      if (made?.token.id === token.id) setMade(null);
      again();
    }
  };
  return (
    <div className="setting">
      <p className="muted">A program that sends one as “Authorization: Bearer …” sees and does what you may, and no more.</p>
      <Refused problem={problem} />
      {made && (
        <Notice tone="grey" title={`Token ${made.token.name}`} detail={<CopyId value={made.secret} />} next="Copy it now: it is not kept and not shown again." />
      )}
      <form className="line-form" onSubmit={create} aria-label="New API token">
        <label>
          What it is for
          <input name="name" type="text" required maxLength={100} placeholder="ci" />
        </label>
        <label>
          Valid for
          <select name="days" defaultValue="90">
            <option value="7">7 days</option>
            <option value="30">30 days</option>
            <option value="90">90 days</option>
            <option value="365">a year</option>
          </select>
        </label>
        <button type="submit" className="button primary" disabled={busy}>
          Create token
        </button>
      </form>
      {error && <Notice title="The tokens could not be read" detail={error.message} id={error.id} onRetry={again} />}
      {!data && !error && <Bone wide />}
      {data?.apiTokens.length === 0 && <Empty title="No API tokens" next="Create one for a program that is to ask in your name." />}
      {data?.apiTokens.length > 0 && (
        <Table caption="API tokens" heads={["Token", "Made", "Valid until", ""]}>
          {data.apiTokens.map((one) => (
            <tr key={one.id}>
              <th scope="row">{one.name || one.id}</th>
              <td data-label="created">
                <Moment at={one.created} />
              </td>
              <td data-label="valid until">{one.expires ? day(one.expires, { year: true }) : "no end"}</td>
              <td>
                <Sure label="Revoke" question="Programs that use it stop working." busy={busy} onDo={() => revoke(one)} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </div>
  );
}

const VERDICTS = { VALID: ["green", "done", "Good"], INVALID: ["red", "alert", "Refused"], UNKNOWN: ["grey", "info", "Not known"] };

function GitAccounts({ runtimes, me }) {
  const names = (runtimes ?? []).map((one) => one.metadata.name);
  const [runtime, setRuntime] = useState("");
  useEffect(() => {
    if (!runtime && names.length) setRuntime(names[0]);
  }, [names.length]);
  const { data, error, again } = useAnswer("git_tokens", { runtime }, { enabled: Boolean(runtime) });
  const [problem, busy, run] = useDeed();
  if (runtimes?.length === 0) return <Empty title="No runtime" next="Git tokens are kept by runtimes, and there is none that you see." />;
  const add = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const input = { runtime, url: fields.get("url"), username: fields.get("username") || null, token: fields.get("token") };
    if (!(await run("add_git_token", { input }, "addGitToken"))) return;
    announce("The token is kept");
    form.reset();
    again();
  };
  const remove = async (token) => {
    if (await run("remove_git_token", { runtime, id: token.id }, "removeGitToken")) again();
  };
  return (
    <div className="setting">
      <p className="muted">
        With these the runtime asks the Git host what you may do, and commits in your name. The runtime keeps them encrypted in its cluster; the control plane keeps nothing.
      </p>
      <Refused problem={problem} />
      <form className="line-form" onSubmit={add} aria-label="Git token">
        <label>
          Runtime
          <select value={runtime} onChange={(event) => setRuntime(event.target.value)}>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Git host
          <input name="url" type="text" required placeholder="https://git.example.com" />
        </label>
        <label>
          Name there
          <input name="username" type="text" placeholder={me?.name} autoComplete="off" />
        </label>
        <label>
          Token
          <input name="token" type="password" required autoComplete="off" />
        </label>
        <button type="submit" className="button primary" disabled={busy || !runtime}>
          Keep token
        </button>
      </form>
      {error && <Notice title="The tokens could not be read" detail={error.message} next={error.code === "RUNTIME_UNAVAILABLE" ? "They are in the runtime; it has to be connected." : undefined} id={error.id} onRetry={again} />}
      {data?.gitTokens.length === 0 && <Empty title="No Git token" next="Enter one, or sign in with an account of the Git host, which brings one along." />}
      {data?.gitTokens.length > 0 && (
        <Table caption="Git tokens" heads={["Git host", "Name there", "State", "Asked", ""]}>
          {data.gitTokens.map((one) => {
            const [colour, icon, word] = VERDICTS[one.status];
            return (
              <tr key={one.id}>
                <th scope="row">{one.url}</th>
                <td>{one.username}</td>
                <td title={one.message ?? undefined}>
                  <span className={`status status-${colour}`}>
                    <Icon name={icon} />
                    {word}
                  </span>
                </td>
                <td data-label="asked">
                  <Moment at={one.checkedAt} />
                </td>
                <td>
                  <Sure label="Remove" question="What Git lets you do through it ends." busy={busy} onDo={() => remove(one)} />
                </td>
              </tr>
            );
          })}
        </Table>
      )}
    </div>
  );
}

function People({ me }) {
  const mayLook = Boolean(me?.isAdmin);
  const { data, error, again } = useAnswer("people", {}, { enabled: mayLook });
  const [problem, busy, run] = useDeed();
  if (me && !mayLook) return <Empty title="Administrators look after users" next="Ask one of them if somebody is missing here, or should not be." />;
  const add = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const input = { name: fields.get("name"), email: fields.get("email") || null, password: fields.get("password"), isAdmin: fields.get("admin") === "on" };
    if (!(await run("add_person", { input }, "addPerson"))) return;
    announce(`${input.name} may sign in`);
    form.reset();
    again();
  };
  const remove = async (person) => {
    if (await run("remove_person", { name: person.name }, "removePerson")) again();
  };
  return (
    <div className="setting">
      <p className="muted">Who may sign in with a password, and who came with an account elsewhere. What they may see and do is asked of Git.</p>
      <Refused problem={problem} />
      <form className="line-form" onSubmit={add} aria-label="New user">
        <label>
          Name
          <input name="name" type="text" required pattern="[a-z0-9][a-z0-9._\-]{0,62}" title="small letters, digits, dots and dashes" autoComplete="off" />
        </label>
        <label>
          E-mail
          <input name="email" type="text" autoComplete="off" />
        </label>
        <label>
          Password
          <input name="password" type="password" required minLength={10} autoComplete="new-password" />
        </label>
        <label className="check">
          <input name="admin" type="checkbox" />
          Administrator
        </label>
        <button type="submit" className="button primary" disabled={busy || !mayLook}>
          Add user
        </button>
      </form>
      {error && <Notice title="The users could not be read" detail={error.message} id={error.id} onRetry={again} />}
      {!data && !error && <Bone wide />}
      {data && (
        <Table caption="Users" heads={["Name", "E-mail", "Role", ""]}>
          {data.people.map((one) => (
            <tr key={one.name}>
              <th scope="row">{one.name}</th>
              <td>{one.email}</td>
              <td>{one.isAdmin ? "administrator" : "as Git says"}</td>
              <td>
                {one.name === me.name ? (
                  <span className="muted">you</span>
                ) : (
                  <Sure label="Remove" question="Their sessions and tokens end." busy={busy} onDo={() => remove(one)} />
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </div>
  );
}
