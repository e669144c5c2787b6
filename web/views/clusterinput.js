// What the form of a cluster says, as the API takes it. Pure.

// Certificates as base64 of PEM: pasted as PEM, or already as they stand in a kubeconfig.
export const toBase64 = (text) => (text.includes("-----BEGIN") ? btoa(`${text.trim()}\n`) : text.replace(/\s/g, ""));

// "env=production, region=eu" -> [{key, value}]
export const toPairs = (text) =>
  text
    .split(/[,\n]/)
    .map((one) => one.trim())
    .filter(Boolean)
    .map((one) => {
      const [key, ...value] = one.split("=");
      return { key: key.trim(), value: value.join("=").trim() };
    });

export function toClusterInput({ runtime, name, server, token, ca, serverName, labels, insecure }) {
  const pairs = toPairs(labels);
  return {
    runtime,
    name: name.trim(),
    server: server.trim(),
    token: token.trim(),
    caData: ca.trim() ? toBase64(ca) : null,
    serverName: serverName.trim() || null,
    labels: pairs.length ? pairs : null,
    insecure,
  };
}
