// What pages show of environments and products that are not about them alone.
import { useFollowed, useTurn } from "./following.js";
import { AppLink, Bone } from "./kit.jsx";
import { useAnswer } from "./live.js";

export const PRODUCTS_PLACE = "/applications/products";

export const productPlace = (name) => `${PRODUCTS_PLACE}?name=${encodeURIComponent(name)}`;

// The list of applications of a product in an environment; "" is none of them, and left out is any.
export function filtered({ product, environment }) {
  const query = new URLSearchParams({ since: "any" });
  if (product) query.set("product", product);
  if (environment !== undefined) query.set("environment", environment);
  return `/applications?${query}`;
}

export const EnvironmentKind = ({ kind }) => <span className={kind === "PRODUCTION" ? "tag tag-blue" : "tag"}>{kind === "PRODUCTION" ? "production" : "non-production"}</span>;

// In an application's header: its product, and how many of that one's applications there are where.
export function ProductFact({ product }) {
  const [turn, turnOver] = useTurn();
  const { data } = useAnswer("product_parts", { name: product }, { stamp: turn });
  useFollowed({ products: [product] }, data?.cursor, turnOver);
  const environments = data?.product?.environments ?? [];
  return (
    <span className="fact">
      product <AppLink to={productPlace(product)}>{product}</AppLink>
      {!data && <Bone />}
      {environments.map(({ value, count }, index) => (
        <span key={value}>
          {index ? ", " : ": "}
          <AppLink to={filtered({ product, environment: value })}>
            {count} in {value}
          </AppLink>
        </span>
      ))}
    </span>
  );
}
