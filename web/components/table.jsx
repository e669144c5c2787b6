// A table of plain rows with its heads; "" is the head of what can be done with a row.
export const Table = ({ caption, heads, className = "", children }) => (
  <table className={`rows flat stacks listing ${className}`.trim()}>
    <caption className="unseen">{caption}</caption>
    <thead>
      <tr>
        {heads.map((head) => (
          <th key={head} scope="col">
            {head || <span className="unseen">Actions</span>}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>{children}</tbody>
  </table>
);
