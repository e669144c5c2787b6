// A manifest as text and as values at once. Values are changed in the text, so comments and everything nobody here knows stay.
// Pure: text in, text out.
import { diffArrays } from "diff";
import { isMap, isScalar, isSeq, parseDocument, stringify, visit } from "yaml";
import { isTextUnquoted } from "./scalar.js";

export const read = (text) => parseDocument(text, { prettyErrors: false, strict: true, uniqueKeys: true, maxAliasCount: 50 });
const LAYOUT = { lineWidth: 0, minContentWidth: 0 };

// Problems of the text itself: [{line, message}].
export function syntaxProblems(text) {
  const found = read(text);
  return found.errors.map(({ message, pos: [at] }) => ({ line: text.slice(0, at).split("\n").length, message: message.split("\n")[0] }));
}

export function valueAt(document, path) {
  const node = document.getIn(path, true);
  return node === undefined ? undefined : (node?.toJS?.(document) ?? (isScalar(node) ? node.value : node));
}

const empty = (value) => value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length);

const scalar = (value) => (typeof value === "string" && !isTextUnquoted(value) ? JSON.stringify(value) : stringify(value, LAYOUT).trimEnd());

function quoted(node) {
  visit(node, {
    Scalar: (_, one) => {
      if (typeof one.value === "string" && !isTextUnquoted(one.value)) one.type = "QUOTE_DOUBLE";
    },
  });
  return node;
}

// The text with one value set; "", null and [] take it away, with the maps that become empty by that.
export function withValue(text, path, value) {
  const document = read(text);
  if (document.errors.length) return text;
  const layout = { ...LAYOUT, ...manners(text) };
  const restyled = document.toString(layout);
  const before = document.getIn(path, true);
  if (!empty(value) && isScalar(before) && before.range && !(value instanceof Object)) {
    const [start, end] = before.range;
    const written = scalar(value);
    const flow = before.type?.startsWith("BLOCK") || written.includes("\n");
    if (!flow) {
      const next = text.slice(0, start) + written + text.slice(end);
      const reread = read(next);
      if (!reread.errors.length && valueAt(reread, path) === value) return next;
    }
  }
  if (empty(value)) remove(document, path);
  else {
    path.forEach((_, depth) => {
      const parent = path.slice(0, depth);
      if (depth && (document.getIn(parent, true) === undefined || (isScalar(document.getIn(parent, true)) && document.getIn(parent) === null))) document.setIn(parent, document.createNode(typeof path[depth] === "number" ? [] : {}));
    });
    document.setIn(path, quoted(document.createNode(value)));
  }
  return withOwnLines(text, restyled, document.toString(layout));
}

// Writing a document anew restyles lines that nobody changed (spaces before a comment, quotes): those stay as their author wrote them.
function withOwnLines(text, restyled, next) {
  const [own, plain, wanted] = [text, restyled, next].map((part) => `${part.trimEnd()}\n`.split("\n"));
  if (own.length !== plain.length) return next;
  let line = 0;
  const lines = diffArrays(plain, wanted).flatMap(({ value, added, removed }) => {
    if (added) return value;
    line += value.length;
    return removed ? [] : own.slice(line - value.length, line);
  });
  const kept = read(lines.join("\n"));
  return !kept.errors.length && JSON.stringify(kept.toJS()) === JSON.stringify(read(next).toJS()) ? lines.join("\n") : next;
}

function remove(document, path) {
  if (!document.hasIn(path)) return;
  document.deleteIn(path);
  for (let length = path.length - 1; length > 1; length -= 1) {
    const parent = document.getIn(path.slice(0, length), true);
    if (!(isMap(parent) || isSeq(parent)) || parent.items.length) return;
    document.deleteIn(path.slice(0, length));
  }
}

// How the author writes lists and braces, so that a change does not restyle the file.
const manners = (text) => ({ indentSeq: /^( *)[^\s#-][^\n]*:\n\1 +- /m.test(text) || !/^( *)[^\s#-][^\n]*:\n\1- /m.test(text), flowCollectionPadding: !/[{[][^\s}\]]/.test(text) });

// One of several documents of a file: {before, text, after}, the marker belongs to `before`.
export function documentOf(file, number) {
  const starts = [0];
  const marker = /^---(?:[ \t].*)?$/gm;
  let seen = false;
  for (let found = marker.exec(file); found; found = marker.exec(file)) {
    const lead = file.slice(0, found.index).replace(/^(?:[ \t]*(?:#.*)?|%.*)$/gm, "").trim();
    if (!seen && !lead) starts[0] = found.index + found[0].length + 1;
    else starts.push(found.index + found[0].length + 1);
    seen = true;
  }
  const ends = starts.map((_, index) => (index + 1 < starts.length ? file.lastIndexOf("---", starts[index + 1] - 2) : file.length));
  const [start, end] = [starts[number] ?? 0, ends[number] ?? file.length];
  return { before: file.slice(0, start), text: file.slice(start, end), after: file.slice(end) };
}

// The file with the document changed; blank lines behind it stay.
export const whole = ({ before, text: old, after }, text) => `${before}${text.trimEnd()}${old.slice(old.trimEnd().length)}${after}`;

export function fresh({ name = "", namespace, server = "https://kubernetes.default.svc" }) {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: ${name ? scalar(name) : '""'}
  namespace: ${namespace}
  finalizers:
    - resources-finalizer.argocd.argoproj.io
spec:
  project: default
  source:
    repoURL: ""
    targetRevision: main
    path: ""
  destination:
    server: ${server}
    namespace: ""
  syncPolicy:
    automated:
      prune: false
      selfHeal: false
    syncOptions:
      - CreateNamespace=true
`;
}
