// What applications are gathered in, groups and products: the list of all of one kind. One is there as long as an
// application names it, so nothing is made or deleted here.
import { ApplicationMenu } from "./appmenu.jsx";
import { Star } from "./appparts.jsx";
import { ApplicationTabs } from "./applicationtabs.jsx";
import { SearchField } from "./filterbar.jsx";
import { fromStart, GROUP_SORTS, groupSort, nextGroupSort, toPagination } from "./filters.js";
import { useFollowed, useTurn } from "./following.js";
import { Bone, Empty, Icon, Moment, Notice } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { Pager } from "./pager.jsx";
import { Health } from "./status.jsx";
import { Table } from "./table.jsx";
import { QueryLink, showQuery, useQuery, withChanges } from "./url.jsx";

const LIST = ["q", "application", "star", "sort", "after", "before"];

export const change = (changes) => showQuery(withChanges(new URLSearchParams(location.search), fromStart(changes)), { replace: "q" in changes });

// `what`: {place, title, word, document, head, empty, how}, words for people and the question that is asked.
export function GroupList({ what }) {
  const search = useQuery();
  const [turn, turnOver] = useTurn();
  const wanted = { search: search.get("q") ?? "", applications: search.getAll("application"), star: search.get("star") === "1" };
  const sort = groupSort(search);
  const filters = { search: wanted.search || null, applications: wanted.applications.length ? wanted.applications : null, favorite: wanted.star || null };
  const { data, error, again } = useAnswer(what.document, { filters, sort: { field: GROUP_SORTS[sort.key], order: sort.order }, pagination: toPagination(search) }, { stamp: turn });
  useFollowed({}, data?.cursor, turnOver);
  const found = data?.found;
  const filtered = Boolean(wanted.search || wanted.applications.length || wanted.star);
  const clear = () => change({ q: null, application: null, star: null });
  const head = (key, label) => ({ label, order: sort.key === key ? sort.order : null, onSort: () => change({ sort: nextGroupSort(sort, key) }) });
  return (
    <>
      <ApplicationTabs current={what.place} />
      <div className="page-head">
        <h1>{what.title}</h1>
        {found && <span className="muted">{found.totalCount}</span>}
      </div>
      <div className="filters" role="search" aria-label={what.title}>
        <SearchField label={`Search ${what.word}s by name`} value={wanted.search} onChange={(q) => change({ q })} />
        <ApplicationMenu selected={wanted.applications} onChange={change} />
        <button type="button" className="button" aria-pressed={wanted.star} onClick={() => change({ star: wanted.star ? null : "1" })}>
          <Icon name="star" filled={wanted.star} />
          Favourites
        </button>
        {filtered && (
          <button type="button" className="button quiet" onClick={clear}>
            Clear
          </button>
        )}
      </div>
      {error && <Notice title={`The ${what.word}s could not be read`} detail={error.message} next="Applications still work." id={error.id} onRetry={again} />}
      {!found && !error && <Bone wide />}
      {found?.nodes.length === 0 && filtered && (
        <Empty title={`No ${what.word} matches`} next="Take a filter away, or clear them all.">
          <button type="button" className="button" onClick={clear}>
            Clear all filters
          </button>
        </Empty>
      )}
      {found?.nodes.length === 0 && !filtered && <Empty title={`No ${what.word}s yet`} next={what.empty} command={what.how} />}
      {found?.nodes.length > 0 && (
        <Table caption={what.title} heads={[head("name", what.head), "Applications", "Health", head("updated", "Last deployed")]} className="app_groups">
          {found.nodes.map((group) => (
            <tr key={group.id} data-group={group.name}>
              <th scope="row">
                <span className="named">
                  <GroupStar group={group} />
                  <QueryLink className="row-link" changes={{ ...Object.fromEntries(LIST.map((key) => [key, null])), name: group.name }}>
                    {group.name}
                  </QueryLink>
                </span>
              </th>
              <td>{counted(group.applicationsNum)}</td>
              <td>
                <Healths counts={group.healthStatuses} />
              </td>
              <td>
                <Moment at={group.updatedAt} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      <Pager info={found?.pageInfo} total={found?.totalCount} onChange={change} />
    </>
  );
}

export const counted = (number) => `${number} application${number === 1 ? "" : "s"}`;

export const GroupStar = ({ group }) => <Star row={{ id: group.id, metadata: group }} />;

export const Healths = ({ counts }) => (
  <span className="healths">
    {counts.map(({ value, count }) => (
      <span key={value} className="healths-one">
        {count} <Health status={value} />
      </span>
    ))}
  </span>
);
