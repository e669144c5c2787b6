// The looks at applications: each by itself, and by what they are in.
import { AppLink } from "./kit.jsx";

const TABS = [
  ["/applications", "Applications"],
  ["/applications/groups", "Groups"],
  ["/applications/products", "Products"],
  ["/applications/environments", "Environments"],
];

export const ApplicationTabs = ({ current }) => (
  <nav className="tabs" aria-label="Applications, and what they are in">
    {TABS.map(([place, label]) => (
      <AppLink key={place} to={place} className="tab" current={place === current}>
        {label}
      </AppLink>
    ))}
  </nav>
);
