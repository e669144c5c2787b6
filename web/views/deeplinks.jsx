// Links to other systems: those that argocd-cm configures, and those that manifests name themselves.
import { Bone } from "./kit.jsx";
import { useAnswer } from "./live.js";

const HOW = "application.links of argocd-cm configures them; a manifest names its own in annotations link.argocd.argoproj.io/….";

// In the menu of an application's header; asked for again each time that it is opened.
export function Links({ application, turn }) {
  const { data, error } = useAnswer("deep_links", application, { stamp: turn });
  if (error && !data) return <p className="muted pad">The links could not be read: {error.message}</p>;
  if (!data) return <p className="pad"><Bone wide /></p>;
  const { links, problems } = data.application?.deepLinks ?? { links: [], problems: [] };
  return (
    <>
      {links.map((link) => (
        <DeepLink key={link.url} link={link}>
          {link.title} {link.description && <span className="muted">{link.description}</span>}
        </DeepLink>
      ))}
      {!links.length && !problems.length && <p className="muted pad">No links. {HOW}</p>}
      {problems.length > 0 && (
        <div className="pad">
          <Unshown problems={problems} />
        </div>
      )}
    </>
  );
}

export const DeepLink = ({ link, children = link.title }) =>
  /^(https?|mailto):/i.test(link.url) && (
    <a href={link.url} target="_blank" rel="noreferrer" title={link.description ?? undefined}>
      {children}
    </a>
  );

export const Unshown = ({ problems }) =>
  problems.map((problem) => (
    <p key={problem} className="muted">
      {problem}
    </p>
  ));
