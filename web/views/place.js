// Where an application is found in the console.
export const placeOf = ({ runtime, namespace, name }) =>
  `/applications/${encodeURIComponent(runtime)}/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
