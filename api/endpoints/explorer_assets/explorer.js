"use strict";
// Runs queries by POST and subscriptions over graphql-transport-ws, and shows the schema. No library, nothing from elsewhere.

const element = (id) => document.getElementById(id);
const START = `query Applications($first: Int!) {
  applications(pagination: { first: $first }) {
    totalCount
    nodes { metadata { runtime namespace name } syncStatus healthStatus explanation }
  }
}`;
let socket = null;

const headers = () => {
  const token = element("token").value.trim();
  return token ? { Authorization: `Bearer ${token}` } : {};
};

const request = () => {
  const variables = element("variables").value.trim();
  return { query: element("query").value, variables: variables ? JSON.parse(variables) : {} };
};

const show = (value, append) => {
  const text = JSON.stringify(value, null, 2);
  const answer = element("answer");
  answer.textContent = append ? `${text}\n\n${answer.textContent}`.slice(0, 1000000) : text;
};

const say = (text) => { element("state").textContent = text; };

async function post(body) {
  const started = performance.now();
  const response = await fetch("/graphql", {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json", ...headers() },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  say(`${response.status} · ${Math.round(performance.now() - started)} ms`);
  return answer;
}

function subscribe(body) {
  const address = `${location.protocol.replace("http", "ws")}//${location.host}/graphql`;
  socket = new WebSocket(address, "graphql-transport-ws");
  const send = (message) => socket.send(JSON.stringify(message));
  let events = 0;
  element("stop").disabled = false;
  socket.onopen = () => send({ type: "connection_init", payload: headers() });
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.type === "connection_ack") send({ id: "1", type: "subscribe", payload: body });
    if (message.type === "ping") send({ type: "pong" });
    if (message.type === "next") { events += 1; say(`${events} events`); show(message.payload, true); }
    if (message.type === "error") { show({ errors: message.payload }, true); stop(); }
    if (message.type === "complete") stop();
  };
  socket.onclose = (event) => { if (event.code !== 1000) say(`closed: ${event.code} ${event.reason}`); stop(); };
}

function stop() {
  if (socket) { socket.onclose = null; socket.close(1000); socket = null; }
  element("stop").disabled = true;
}

async function run() {
  stop();
  element("answer").textContent = "";
  try {
    const body = request();
    if (/^\s*subscription\b/m.test(body.query)) subscribe(body);
    else show(await post(body));
  } catch (error) {
    say(String(error));
  }
}

const SCHEMA = `{ __schema { types { kind name description
  fields { name description args { name type { ...T } } type { ...T } }
  inputFields { name description type { ...T } } enumValues { name } } } }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;

const typeName = (type) => type.kind === "NON_NULL" ? `${typeName(type.ofType)}!`
  : type.kind === "LIST" ? `[${typeName(type.ofType)}]` : type.name;

function describe(field) {
  const args = (field.args || []).map((arg) => `${arg.name}: ${typeName(arg.type)}`).join(", ");
  const term = document.createElement("dt");
  term.textContent = `${field.name}${args ? `(${args})` : ""}: ${typeName(field.type)}`;
  const text = document.createElement("dd");
  text.textContent = field.description || "";
  return [term, text];
}

function typeEntry(type) {
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = type.name;
  const list = document.createElement("dl");
  for (const field of type.fields || type.inputFields || []) list.append(...describe(field));
  for (const value of type.enumValues || []) {
    const term = document.createElement("dt");
    term.textContent = value.name;
    list.append(term);
  }
  details.append(summary, list);
  return details;
}

async function loadSchema() {
  const answer = await post({ query: SCHEMA });
  const roots = ["Query", "Mutation", "Subscription"];
  const order = (type) => (roots.includes(type.name) ? roots.indexOf(type.name) : roots.length);
  const types = answer.data.__schema.types.filter((type) => !type.name.startsWith("__") && type.kind !== "SCALAR");
  types.sort((a, b) => order(a) - order(b) || a.name.localeCompare(b.name));
  element("schema").replaceChildren(...types.map(typeEntry));
}

function find() {
  const wanted = element("find").value.toLowerCase();
  for (const entry of element("schema").children) {
    const found = entry.textContent.toLowerCase().includes(wanted);
    entry.hidden = !found;
    entry.open = Boolean(wanted) && found;
  }
}

element("query").value = START;
element("variables").value = '{ "first": 20 }';
element("run").addEventListener("click", run);
element("stop").addEventListener("click", () => { stop(); say("stopped"); });
element("find").addEventListener("input", find);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
});
loadSchema().catch((error) => say(String(error)));
