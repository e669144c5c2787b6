// spec.syncPolicy.syncOptions: a list of Name=value. Pure.
// The option `Name=value` among spec.syncPolicy.syncOptions: its value, or "".
export const optionOf = (options, name) => (options ?? []).find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";

export const withOption = (options, name, value) => {
  const others = (options ?? []).filter((one) => !one.startsWith(`${name}=`));
  if (!value) return others;
  const at = (options ?? []).findIndex((one) => one.startsWith(`${name}=`));
  if (at < 0) return [...others, `${name}=${value}`];
  return [...others.slice(0, at), `${name}=${value}`, ...others.slice(at)];
};
