// A menu of deeds behind an icon; it closes when one is chosen. `className` is of the menu, `look` of its button.
import { useRef } from "react";
import { useClosing } from "./closing.js";
import { Icon } from "./kit.jsx";

export function Menu({ label, icon, className = "", look = "", children }) {
  const ref = useRef(null);
  useClosing(ref, { onChoice: true });
  return (
    <details className={`menu ${className}`.trim()} ref={ref}>
      <summary className={`button icon-only ${look}`.trim()} aria-label={label}>
        <Icon name={icon} />
      </summary>
      <div className="menu-body menu-right">{children}</div>
    </details>
  );
}
