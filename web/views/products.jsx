// Products: all of them, and one with its applications by environment.
import { useState } from "react";
import { Cards } from "./appcards.jsx";
import { BulkBar } from "./bulk.jsx";
import { EnvironmentKind, filtered, PRODUCTS_PLACE } from "./environmentparts.jsx";
import { useFollowed, useTurn } from "./following.js";
import { GroupList, GroupStar, Healths } from "./gathered.jsx";
import { AppLink, Bone, Empty, Notice, Stale } from "./kit.jsx";
import { useAnswer } from "./live.js";
import { useQuery } from "./url.jsx";

const PRODUCTS = {
  place: PRODUCTS_PLACE,
  title: "Products",
  word: "product",
  head: "Product",
  document: "products",
  empty: "A product is there as soon as an application names it: in its configuration, or in its manifest.",
  how: "metadata:\n  annotations:\n    codefresh.io/product: webshop",
};
const SHOWN = 10; // applications of one environment; the rest is one link away
const NO_NEWS = new Map();
const NONE = ""; // the name of being in no environment

export function Products() {
  const name = useQuery().get("name");
  return name ? <Product key={name} name={name} /> : <GroupList what={PRODUCTS} />;
}

function Product({ name }) {
  const [turn, turnOver] = useTurn();
  const [chosen, setChosen] = useState(NO_NEWS);
  const { data, error, again } = useAnswer("product", { name }, { stamp: turn });
  useFollowed({ products: [name] }, data?.cursor, turnOver);
  const product = data?.product;
  const choose = (rows, on) =>
    setChosen((before) => {
      const next = new Map(before);
      for (const row of rows) on ? next.set(row.id, row) : next.delete(row.id);
      return next;
    });
  if (error && !data) return <Notice title="The product could not be read" detail={error.message} next="Its applications go on as they are." id={error.id} onRetry={again} />;
  if (data && !product) {
    return (
      <Empty title={`There is no product ${name}`} next="No application that you may see is a part of it.">
        <AppLink className="button" to={PRODUCTS_PLACE}>
          All products
        </AppLink>
      </Empty>
    );
  }
  const silent = data?.runtimes.nodes.filter((runtime) => !runtime.available) ?? [];
  const away = new Set(silent.map((runtime) => runtime.metadata.name));
  return (
    <>
      <div className="page-head">
        <nav className="crumbs" aria-label="Where this is">
          <AppLink to="/applications">Applications</AppLink>
          <span aria-hidden="true">/</span>
          <AppLink to={PRODUCTS_PLACE}>Products</AppLink>
          <span aria-hidden="true">/</span>
        </nav>
        {product && <GroupStar group={product} />}
        <h1>{name}</h1>
        {product && <Healths counts={product.healthStatuses} />}
      </div>
      {silent.map((runtime) => (
        <Stale key={runtime.id} since={runtime.lastUpdated} reason={`runtime ${runtime.metadata.name} is not reachable`} />
      ))}
      {!product && <Bone wide />}
      {product && product.environments.length === 0 && <p className="muted">No environment holds an application of it. <AppLink to="/applications/environments">Environments</AppLink> say how one is made.</p>}
      {product && (
        <div className="columns">
          {inOrder(product.environments, data.environments.nodes).map(({ value, kind }) => (
            <Column key={value} product={name} environment={value} kind={kind} turn={turn} away={away} chosen={chosen} onChoose={choose} />
          ))}
          <Column product={name} environment={NONE} turn={turn} away={away} chosen={chosen} onChoose={choose} />
        </div>
      )}
      <BulkBar chosen={chosen} onClear={() => setChosen(NO_NEWS)} />
    </>
  );
}

// On the way to production: that comes last, as an application does.
function inOrder(facets, environments) {
  const kinds = Object.fromEntries(environments.map(({ name, kind }) => [name, kind]));
  const known = facets.map(({ value }) => ({ value, kind: kinds[value] }));
  const rank = ({ kind }) => (kind === "PRODUCTION" ? 1 : 0);
  return known.sort((one, other) => rank(one) - rank(other) || one.value.localeCompare(other.value));
}

// Applications of the product in one environment, worst first; nothing where there are none outside of all.
function Column({ product, environment, kind, turn, away, chosen, onChoose }) {
  const filters = { products: [product], environments: [environment] };
  const { data, error, again } = useAnswer("product_column", { filters, first: SHOWN }, { stamp: turn });
  const total = data?.applications.totalCount;
  if (environment === NONE && !error && !total) return null;
  const title = environment || "No environment";
  return (
    <section className="column" aria-label={title} data-environment={environment}>
      <div className="column-head">
        <h2>{title}</h2>
        {kind && <EnvironmentKind kind={kind} />}
        {data && (
          <AppLink to={filtered({ product, environment })} className="number">
            {total === 1 ? "1 application" : `${total} applications`}
          </AppLink>
        )}
      </div>
      {error && <Notice title="Its applications could not be read" detail={error.message} next="The other environments still work." id={error.id} onRetry={again} />}
      {!data && !error && <Bone wide />}
      {data && <Cards page={{ data, news: NO_NEWS }} filtered={false} away={away} chosen={chosen} onChoose={onChoose} onChange={() => {}} />}
      {total > SHOWN && <AppLink to={filtered({ product, environment })}>{`${total - SHOWN} more`}</AppLink>}
    </section>
  );
}
