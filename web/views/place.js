// Where an application, or an ApplicationSet, which may have the name of one, is found in the console.
export const placeOf = ({ runtime, namespace, name, kind }) =>
  `/${kind === "ApplicationSet" ? "application-sets" : "applications"}/${[runtime, namespace, name].map(encodeURIComponent).join("/")}`;

// How one object is named in an address.
export const keyOf = ({ group, kind, namespace, name }) => [group ?? "", kind, namespace ?? "", name].join("/");

// What is the same as long as neither the object in the cluster nor the verdict on it changes.
export const versionOf = ({ resourceVersion, syncStatus }) => `${resourceVersion ?? ""}/${syncStatus ?? ""}`;
