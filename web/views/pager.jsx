// From page to page of a list whose place is in the address.
import { Bone } from "./kit.jsx";

export function Pager({ info, total, onChange }) {
  if (!info || (!info.hasNextPage && !info.hasPrevPage)) return null;
  return (
    <nav className="pager" aria-label="Pages">
      <span className="muted">{total ?? <Bone />} in this selection</span>
      <button type="button" className="button" disabled={!info.hasPrevPage} onClick={() => onChange({ before: info.startCursor, after: null })}>
        Previous
      </button>
      <button type="button" className="button" disabled={!info.hasNextPage} onClick={() => onChange({ after: info.endCursor, before: null })}>
        Next
      </button>
    </nav>
  );
}
