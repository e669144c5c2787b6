// A table of plain rows with its heads; "" is the head of what can be done with a row, {label, order, onSort} one that sorts.
export const Table = ({ caption, heads, className = "", children }) => (
  <table className={`rows flat stacks listing ${className}`.trim()}>
    <caption className="unseen">{caption}</caption>
    <thead>
      <tr>
        {heads.map((head) =>
          head.onSort ? (
            <th key={head.label} scope="col" aria-sort={head.order ? `${head.order}ending` : undefined}>
              <button type="button" className="sort" onClick={head.onSort}>
                {head.label}
                {head.order && <span aria-hidden="true">{head.order === "asc" ? "↑" : "↓"}</span>}
              </button>
            </th>
          ) : (
            <th key={head} scope="col">
              {head || <span className="unseen">Actions</span>}
            </th>
          ),
        )}
      </tr>
    </thead>
    <tbody>{children}</tbody>
  </table>
);
