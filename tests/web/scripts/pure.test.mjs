// Pure scripts of the console, run by Node. The folder with the collected scripts is in SCRIPTS.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { test } from "node:test";

const load = (name) => import(`${pathToFileURL(process.env.SCRIPTS)}/${name}`);
const { arrange, childrenOf, isFine, visibleIds, ROOT } = await load("layout.js");
const filters = await load("filters.js");
const time = await load("time.js");
const rollout = await load("rollout.js");
const options = await load("options.js");
const resources = await load("resourcefilter.js");
const { isTextUnquoted } = await load("scalar.js");

const node = (kind, name, parent, more = {}) => ({ id: `${kind}/${name}`, kind, name, parentIds: parent ? [parent] : [], ...more });
const application = { kind: "Application", name: "shop" };
const places = (nodes, options) => new Map(arrange(nodes, application, options).entries.map((entry) => [entry.id, `${entry.x},${entry.y}`]));

test("the same nodes in any order stand at the same places", () => {
  const nodes = [node("Deployment", "a"), node("ReplicaSet", "a1", "Deployment/a"), node("Service", "a")];
  assert.deepEqual(places(nodes), places([...nodes].reverse()));
});

test("a status moves nothing", () => {
  const nodes = [node("Deployment", "a"), node("Pod", "p", "Deployment/a")];
  const ill = nodes.map((one) => ({ ...one, healthStatus: "DEGRADED" }));
  assert.deepEqual(places(nodes), places(ill));
});

test("no two nodes overlap", () => {
  const nodes = Array.from({ length: 60 }, (_, at) => node("Pod", `p${at}`, at % 3 ? `Pod/p${Math.floor(at / 3)}` : null, { healthStatus: "DEGRADED" }));
  const seen = [...places(nodes).values()];
  assert.equal(new Set(seen).size, seen.length);
});

test("more than five equal siblings that are fine fold into one; what is wrong never does", () => {
  const fine = Array.from({ length: 6 }, (_, at) => node("Pod", `fine-${at}`, null, { healthStatus: "HEALTHY" }));
  const ill = node("Pod", "ill", null, { healthStatus: "DEGRADED" });
  const ids = arrange([...fine, ill], application).entries.map((entry) => entry.id);
  assert.deepEqual(ids.filter((id) => id !== ROOT).sort(), ["Pod/ill", "fold:root:Pod"]);
  assert.equal(arrange([...fine.slice(1), ill], application).entries.length, 7);
  const opened = arrange([...fine, ill], application, { unfolded: new Set(["fold:root:Pod"]) });
  assert.equal(opened.entries.length, 8);
});

test("an owner with something wrong below it does not fold", () => {
  const sets = Array.from({ length: 6 }, (_, at) => node("ReplicaSet", `r${at}`, null, { healthStatus: "HEALTHY" }));
  const ill = node("Pod", "ill", "ReplicaSet/r0", { healthStatus: "DEGRADED" });
  assert.ok(arrange([...sets, ill], application).entries.some((entry) => entry.id === "Pod/ill"));
});

test("a closed branch keeps the count of what is below", () => {
  const nodes = [node("Deployment", "a"), node("Pod", "p", "Deployment/a"), node("Pod", "q", "Deployment/a")];
  const { entries } = arrange(nodes, application, { collapsed: new Set(["Deployment/a"]) });
  assert.equal(entries.length, 2);
  assert.equal(entries.find((entry) => entry.id === "Deployment/a").below, 2);
});

test("owners that own one another in a circle end", () => {
  const nodes = [node("A", "a", "B/b"), node("B", "b", "A/a"), node("C", "c")];
  assert.doesNotThrow(() => arrange(nodes, application));
});

test("a node whose owner is not known belongs to the application", () => {
  assert.deepEqual(childrenOf([node("Pod", "p", "ReplicaSet/gone")]).get(ROOT).map((one) => one.name), ["p"]);
});

test("filters keep the owners of what they find", () => {
  const nodes = [node("Deployment", "a"), node("ReplicaSet", "r", "Deployment/a"), node("Pod", "p", "ReplicaSet/r"), node("Service", "s")];
  const { hits, shown } = visibleIds(nodes, (one) => one.kind === "Pod");
  assert.deepEqual([...hits], ["Pod/p"]);
  assert.deepEqual([...shown].sort(), ["Deployment/a", "Pod/p", "ReplicaSet/r"]);
});

test("hierarchies of any depth are drawn, one column deeper each", () => {
  const chain = Array.from({ length: 12 }, (_, at) => node("Application", `a${at}`, at ? `Application/a${at - 1}` : null));
  const { entries, links } = arrange(chain, application);
  const columns = chain.map(({ id }) => entries.find((entry) => entry.id === id).x);
  assert.equal(new Set(columns).size, 12);
  assert.deepEqual([...columns].sort((a, b) => a - b), columns);
  assert.equal(links.length, 12);
  const rows = Array.from({ length: 6 }).reduce((parent, _, at) => ({ id: `a${at}`, parent }), null);
  assert.deepEqual(filters.grouped([rows]).map(({ depth }) => depth), [0, 1, 2, 3, 4, 5]);
});

const wanted = (query) => resources.readResourceFilters(new URLSearchParams(query));
const labelled = (labels) => node("Pod", "p", null, { labels: Object.entries(labels).map(([key, value]) => ({ key, value })) });

test("resources are found by labels: values of one key are alternatives, different keys must all hold", () => {
  const web = labelled({ app: "web", tier: "front" });
  const found = (query) => resources.passes(web, wanted(query));
  assert.ok(found(""));
  assert.ok(found("label=app%3Dweb"));
  assert.ok(found("label=app%3Dshop&label=app%3Dweb"));
  assert.ok(found("label=app%3Dweb&label=tier%3Dfront"));
  assert.ok(!found("label=app%3Dweb&label=tier%3Dback"));
  assert.ok(!found("label=app%3D"));
  assert.ok(!resources.passes(labelled({}), wanted("label=app%3Dweb")));
});

test("labels are offered with how often they are there, the most frequent first", () => {
  const nodes = [labelled({ app: "web", z: "1" }), labelled({ app: "web" }), labelled({})];
  assert.deepEqual(resources.labelsOf(nodes), [{ value: "app=web", count: 2 }, { value: "z=1", count: 1 }]);
});

test("hiding takes away and finds nothing", () => {
  assert.ok(!resources.findsSome(wanted("hide=extraneous")));
  assert.ok(!resources.isLeft({ extraneous: true }, wanted("hide=extraneous")));
  assert.ok(resources.findsSome(wanted("label=a%3Db")));
});

test("what must be pruned is not fine", () => assert.equal(isFine({ requiresPruning: true }), false));

test("what is typed narrows the rows that are here, and leaves them where none matches", () => {
  const rows = ["checkout", "Cart-check", "payment"].map((name) => ({ metadata: { name } }));
  assert.deepEqual(filters.narrowed(rows, "CHECK"), rows.slice(0, 2));
  assert.deepEqual(filters.narrowed(rows, "shipping"), rows);
});

test("filters of the address become arguments, and a dimension can be left out", () => {
  const read = filters.readFilters(new URLSearchParams("q=check&health=DEGRADED&health=MISSING&runtime=eu&star=1&since=any"));
  assert.deepEqual(filters.toArguments(read), { runtimes: ["eu"], healthStatuses: ["DEGRADED", "MISSING"], search: "check", favorite: true });
  assert.deepEqual(filters.toArguments(read, ["health"]), { runtimes: ["eu"], search: "check", favorite: true });
  assert.deepEqual(filters.onlyChoices(read), { search: "check", favorite: true });
  const now = Date.parse("2026-01-31T12:20:00Z");
  const nowhere = filters.readFilters(new URLSearchParams("environment=eu&environment=&since=any"));
  assert.deepEqual(filters.toArguments(nowhere), { environments: ["eu", ""] });
  assert.deepEqual(filters.withNone([{ value: "eu", count: 2 }], []), [{ value: "eu", count: 2 }, { value: "", count: null }]);
  assert.deepEqual(filters.withNone([], []), []);
  assert.deepEqual(filters.withNone([], [""]), [{ value: "", count: null }]);
  assert.equal(filters.withNone(undefined, [""]), undefined);
  const plain = filters.readFilters(new URLSearchParams());
  assert.deepEqual(filters.toArguments(plain, [], now), { updatedSince: "2026-01-01T12:00:00.000Z" });
  assert.equal(filters.isFiltered(plain), false);
});

test("an order that is not known is the standard one", () => {
  assert.deepEqual(filters.readSort(new URLSearchParams("sort=password")), { key: "deployed", order: "asc" });
  assert.deepEqual(filters.readSort(new URLSearchParams()), { key: "deployed", order: "desc" });
  assert.deepEqual(filters.nextSort({ key: "name", order: "asc" }, "name"), { key: "name", order: "desc" });
});

test("pages go both ways", () => {
  assert.deepEqual(filters.toPagination(new URLSearchParams("after=x")), { first: 50, after: "x" });
  assert.deepEqual(filters.toPagination(new URLSearchParams("before=x")), { last: 50, before: "x" });
  assert.deepEqual(filters.fromStart({ q: "a" }), { q: "a", after: null, before: null });
});

test("ages in words", () => {
  const now = Date.parse("2026-01-05T12:00:00Z");
  const words = (text) => time.age(text, now);
  assert.equal(words("2026-01-05T11:59:58Z"), "just now");
  assert.equal(words("2026-01-05T11:59:18Z"), "42 s ago");
  assert.equal(words("2026-01-05T11:48:00Z"), "12 min ago");
  assert.equal(words("2026-01-04T12:00:00Z"), "1 d ago");
  assert.equal(words("2026-01-05T12:00:09Z"), "just now");
});

const revision = (number, role, image) => ({ revision: number, role, images: [image], replicas: 1, readyReplicas: 1 });
const canary = {
  strategy: "canary",
  phase: "Paused",
  paused: true,
  trafficRouted: false,
  weightOfNew: 25,
  currentStepIndex: 1,
  steps: [{ index: 0, title: "setWeight: 25" }, { index: 1, title: "pause" }, { index: 2, title: "setWeight: 50" }],
  revisions: [revision(2, ["canary"], "web:2"), revision(1, ["stable"], "web:1")],
};

test("a deed says what it will do to this update", () => {
  assert.equal(rollout.willOf("PROMOTE", canary), "Ends the pause of step 2 and goes on with step 3 (setWeight: 50).");
  assert.equal(rollout.willOf("PROMOTE", { ...canary, currentStepIndex: 2 }), "Ends the pause of step 3 (setWeight: 50) and finishes the update.");
  assert.match(rollout.willOf("PROMOTE_FULL", canary), /the 2 steps that are left.*revision 2 \(web:2\) gets everything/);
  const abort = { stableWeight: 100, stablePods: 4, canaryPods: 0, settledSeconds: 30 };
  assert.match(rollout.willOf("ABORT", canary, { abort }), /back to revision 1 \(web:1\): 4 pods of it serve 100%, the new ones end within 30 s/);
});

test("a weight without a router is called a share of pods", () => {
  assert.equal(rollout.weightWords(canary), "25% of the pods, no traffic router");
  assert.equal(rollout.weightWords({ ...canary, trafficRouted: true }), "25% of the traffic");
});

test("only plain comparisons have a line to draw, only plain numbers a point", () => {
  assert.deepEqual(rollout.threshold("result[0] >= 0.95"), { operator: ">=", value: 0.95 });
  assert.equal(rollout.threshold("result[0] >= 0.95 && result[1] < 2"), null);
  assert.deepEqual(["[0.5]", "7", "", "[1,2]", "NaN"].map(rollout.numberOf), [0.5, 7, null, null, null]);
});

test("clocks count down and never below nothing", () => {
  assert.deepEqual([65, 59.2, 3661, -3].map(rollout.countdown), ["1:05", "1:00", "1:01:01", "0:00"]);
});

test("what goes on under one id is one entry, the newest first", async () => {
  const { byDay, joined } = await load("told.js");
  const begun = { id: "a", time: "2026-01-05T12:00:00Z", state: "IN_PROGRESS" };
  const other = { id: "b", time: "2026-01-05T12:01:00Z", state: "SUCCESS" };
  const ended = { id: "a", time: "2026-01-05T12:02:00Z", state: "FAILED" };
  assert.deepEqual(joined(joined([begun], other), ended).map((one) => [one.id, one.state]), [["a", "FAILED"], ["b", "SUCCESS"]]);
  const old = { id: "c", time: "2026-01-02T12:00:00Z" };
  assert.deepEqual(byDay([ended, old], new Date("2026-01-05T18:00:00Z")).map(([day, told]) => [day, told.length]), [["Today", 1], ["Friday 2 January", 1]]);
});

test("a banner for each refused token, runtime that is away, and runtime that is too old", async () => {
  const { bannersOf } = await load("warned.js");
  const runtime = (name, more) => ({ available: true, lastUpdated: "2026-01-05T12:00:00Z", updateAvailable: null, metadata: { name }, ...more });
  const found = bannersOf(
    [runtime("good"), runtime("new", { available: false, lastUpdated: null }), runtime("away", { available: false }), runtime("old", { updateAvailable: "2.0", runtimeVersion: "1.0" })],
    [{ runtime: "good", url: "https://git.example" }],
  );
  assert.deepEqual(found.map((one) => one.key.split(" ").slice(0, 2)), [["token", "good"], ["away", "away"], ["old", "old"]]);
  const unsafe = runtime("unsafe", { updateAvailable: "2.0", updateRequired: "1.5", runtimeVersion: "1.0" });
  const [first, ...rest] = bannersOf([unsafe], []);
  assert.match(first.text, /^Update required! Runtime unsafe runs 1.0/);
  assert.deepEqual(rest, []); // not told a second time as merely old
  assert.deepEqual(bannersOf([unsafe, runtime("away", { available: false })], [{ runtime: "unsafe", url: "u" }], ["unsafe"]).map((one) => one.runtime), ["away"]);
});

test("the footer counts the runtimes that are live", async () => {
  const { liveWords } = await load("warned.js");
  const words = (...available) => liveWords(available.map((one) => ({ available: one })));
  assert.deepEqual(
    [words(), words(true), words(true, true, true), words(true, false), words(false)],
    ["no runtime", "1 runtime live", "3 runtimes live", "1 of 2 runtimes live", "0 of 1 runtime live"],
  );
});

test("matches stand under what holds them, which is there though it does not match", () => {
  const git = { id: "git", parent: null };
  const set = { id: "set", parent: git };
  const one = { id: "one", parent: set };
  const alone = { id: "alone", parent: null };
  const shape = (rows) => filters.grouped(rows).map(({ row, context, depth }) => [row.id, context, depth]);
  assert.deepEqual(shape([one, alone, set]), [["git", true, 0], ["set", false, 1], ["one", false, 2], ["alone", false, 0]]);
  assert.deepEqual(shape([{ id: "self", parent: { id: "self", parent: null } }]), [["self", false, 0]]);
});

test("an option is changed in its place, and the others stay", () => {
  const own = ["CreateNamespace=true", "PruneLast=true"];
  assert.equal(options.optionOf(own, "PruneLast"), "true");
  assert.deepEqual(options.withOption(own, "CreateNamespace", "false"), ["CreateNamespace=false", "PruneLast=true"]);
  assert.deepEqual(options.withOption(own, "Replace", "true"), [...own, "Replace=true"]);
  assert.deepEqual(options.withOption(own, "PruneLast", null), ["CreateNamespace=true"]);
});

test("groups are names parted by commas, each once", () => {
  assert.deepEqual(options.namesOf(" shop ,, night shift,shop"), ["shop", "night shift"]);
  assert.deepEqual(options.namesOf(undefined), []);
  assert.equal(options.withNames(["shop", "night shift"]), "shop,night shift");
});

test("groups are ordered by name, or by what was deployed last first", () => {
  const order = (text) => filters.groupSort(new URLSearchParams(text));
  assert.deepEqual(order(""), { key: "name", order: "asc" });
  assert.deepEqual(order("sort=-updated"), { key: "updated", order: "desc" });
  assert.deepEqual(order("sort=size"), { key: "name", order: "asc" });
  assert.equal(filters.nextGroupSort(order(""), "name"), "-name");
  assert.equal(filters.nextGroupSort(order("sort=-name"), "name"), null);
  assert.equal(filters.nextGroupSort(order(""), "updated"), "-updated");
});

test("moments of the server are told in the zone of the viewer", () => {
  const moment = "2026-01-05T12:00:00Z";
  assert.equal(rollout.inZone(`waits until ${moment}`), `waits until ${time.clock(moment)}`);
  assert.equal(rollout.inZone(null), "");
});

test("certificates of a cluster go as base64, however they were pasted; labels as pairs", async () => {
  const { toClusterInput } = await load("clusterinput.js");
  const form = { runtime: "demo", name: " eu ", server: "https://eu:6443", token: "secret\n", ca: "-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----", serverName: "", labels: "env=prod, path=a=b", insecure: false };
  const input = toClusterInput(form);
  assert.equal(atob(input.caData), "-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n");
  assert.deepEqual(input.labels, [{ key: "env", value: "prod" }, { key: "path", value: "a=b" }]);
  assert.deepEqual([input.name, input.token, input.serverName], ["eu", "secret", null]);
  assert.equal(toClusterInput({ ...form, ca: "QUJD\nREVG" }).caData, "QUJDREVG");
});

test("the ends of an axis and its middle are round", async () => {
  const { niceCeiling, span } = await load("period.js");
  assert.deepEqual([0, 1, 3, 7, 45, 1200].map((value) => niceCeiling(value)), [2, 2, 4, 10, 60, 2000]);
  assert.deepEqual([2500, 5000, 70_000].map((value) => span(niceCeiling(value, "seconds"))), ["1 h", "2 h", "1 d"]);
  assert.deepEqual([0.08, 0.37, 0.6].map((value) => niceCeiling(value, "share")), [0.1, 0.5, 1]);
});

test("a duration is minutes and seconds, with hours once there are some", async () => {
  const { clockSpan } = await load("period.js");
  assert.deepEqual([0, 59.6, 125, 3599, 3725, 90_000].map(clockSpan), ["0:00", "1:00", "2:05", "59:59", "1:02:05", "25:00:00"]);
});

const network = await load("network.js");
const labels = (entries) => Object.entries(entries).map(([key, value]) => ({ key, value }));
const shopNetwork = [
  { ...node("Ingress", "front"), namespace: "shop", services: ["web", "gone"] },
  { ...node("Ingress", "second"), namespace: "shop", services: ["web"] },
  { ...node("Service", "web"), namespace: "shop", selector: labels({ app: "web" }) },
  { ...node("Service", "other"), namespace: "shop", selector: labels({ app: "nothing" }) },
  { ...node("ReplicaSet", "web"), namespace: "shop" },
  { ...node("Pod", "web-1", "ReplicaSet/web"), namespace: "shop", labels: labels({ app: "web", hash: "1" }), host: "node-2" },
  { ...node("Pod", "web-2", "ReplicaSet/web"), namespace: "shop", labels: labels({ app: "web" }), host: "node-10" },
  { ...node("Pod", "far"), namespace: "else", labels: labels({ app: "web" }), host: null },
];

test("traffic goes from what takes it in to Services, and by labels to pods of the same namespace", () => {
  const ways = network.waysOf(shopNetwork).map(([from, to]) => `${from.id} ${to.id}`);
  assert.deepEqual(ways, ["Ingress/front Service/web", "Ingress/second Service/web", "Service/web Pod/web-1", "Service/web Pod/web-2"]);
});

test("the network stands as a tree with the further ways drawn; what has no part in it is left out", () => {
  const { nodes, parentsOf, more } = network.networkOf(shopNetwork);
  assert.ok(!nodes.some(({ id }) => id === "ReplicaSet/web" || id === "Pod/far"));
  assert.ok(nodes.some(({ id }) => id === "Service/other"));
  const { links } = arrange(nodes, application, { parentsOf, more });
  const drawn = links.map((link) => link.join(" "));
  assert.ok(drawn.includes("Ingress/front Service/web") && drawn.includes("Ingress/second Service/web"));
  assert.equal(new Set(drawn).size, drawn.length);
});

test("pods stand by node in the order of its number, the unscheduled last; or by what they belong to", () => {
  assert.deepEqual(network.podGroups(shopNetwork, "node").map(({ title }) => title), ["node-2", "node-10", "not scheduled"]);
  assert.deepEqual(network.podGroups(shopNetwork, "top").map(({ title, pods }) => [title, pods.length]), [["web", 2], ["on their own", 1]]);
});

test("a workload's endpoints are the Services that select its pods, with what leads to them", () => {
  const pods = shopNetwork.filter(({ kind, namespace }) => kind === "Pod" && namespace === "shop");
  const [{ service, fronts }, ...others] = network.endpointsOf(shopNetwork, pods);
  assert.deepEqual([service.id, fronts.map(({ id }) => id), others.length], ["Service/web", ["Ingress/front", "Ingress/second"], 0]);
});

test("a formatter of moments is made once, however many rows there are", async () => {
  const Real = Intl.DateTimeFormat;
  let made = 0;
  Intl.DateTimeFormat = function (...options) {
    made += 1;
    return new Real(...options);
  };
  try {
    for (let row = 0; row < 50; row += 1) for (const words of [time.exact, time.clock, time.day, time.month, time.weekday, time.zone]) words("2026-01-05T12:00:00Z");
  } finally {
    Intl.DateTimeFormat = Real;
  }
  assert.ok(made <= 6, `${made} were made`);
});

test("pairs of a form are lines, and keep what else the text says of each", () => {
  const pairs = [{ name: "env", value: "prod", code: true }, { name: "url", value: "https://a?b=c" }];
  assert.equal(options.linesOf(pairs), "env=prod\nurl=https://a?b=c");
  assert.deepEqual(options.withPairs(pairs, "env=test\n\n  url = https://a?b=c \nflag"), [
    { name: "env", value: "test", code: true },
    { name: "url", value: "https://a?b=c" },
    { name: "flag", value: "" },
  ]);
  assert.deepEqual(options.withPairs(undefined, ""), []);
});

test("what a reader of YAML takes for a number, a date, a truth value or nothing is quoted", () => {
  const cases = JSON.parse(readFileSync(new URL("scalars.json", import.meta.url)));
  assert.deepEqual([...cases.quoted, ...cases.unquoted].filter(isTextUnquoted), cases.unquoted);
});
