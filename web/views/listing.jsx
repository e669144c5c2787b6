// A page that is one list: its title, how many there are, the table, and what is said when it is empty or cannot be read.
import { Bone, Empty, Notice } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { Table } from "./table.jsx";

export function Listing({ title, name, of, heads, empty, row, stamp, deed, children }) {
  const { data, error, again } = useAnswer(name, {}, { stamp });
  const found = data?.[of];
  return (
    <>
      <div className="page-head">
        <h1>{title}</h1>
        {found && <span className="muted">{found.totalCount}</span>}
        <div className="grow" />
        {deed}
      </div>
      {children}
      {error && <Notice title={`${title} could not be read`} detail={error.message} next="Applications still work." id={error.id} onRetry={again} />}
      {!found && !error && <Bone wide />}
      {found?.nodes.length === 0 && <Empty {...empty} />}
      {found?.nodes.length > 0 && (
        <Table caption={title} heads={heads} className={name}>
          {found.nodes.map(row)}
        </Table>
      )}
    </>
  );
}
