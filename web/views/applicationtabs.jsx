// The two looks at applications: each by itself, and by the groups that they are in.
import { AppLink } from "./kit.jsx";

const TABS = [
  ["/applications", "Applications"],
  ["/applications/groups", "Groups"],
];

export const ApplicationTabs = ({ current }) => (
  <nav className="tabs" aria-label="Applications and groups">
    {TABS.map(([place, label]) => (
      <AppLink key={place} to={place} className="tab" current={place === current}>
        {label}
      </AppLink>
    ))}
  </nav>
);
