// A menu of deeds behind an icon; it closes when one is chosen. `className` is of the menu, `look` of its button.
// What it offers is made when it is asked for: a list has a menu in each row. As a function it gets how often that was.
import { useRef, useState } from "react";
import { useClosing } from "./closing.js";
import { Icon } from "./kit.jsx";

export function Menu({ label, icon, className = "", look = "", children }) {
  const ref = useRef(null);
  const [asked, setAsked] = useState(0);
  useClosing(ref, { onChoice: true });
  return (
    <details className={`menu ${className}`.trim()} ref={ref}>
      <summary className={`button icon-only ${look}`.trim()} aria-label={label} onClick={() => ref.current.open || setAsked((count) => count + 1)}>
        <Icon name={icon} />
      </summary>
      <div className="menu-body menu-right">{asked > 0 && (typeof children === "function" ? children(asked) : children)}</div>
    </details>
  );
}
