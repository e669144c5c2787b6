// Which texts may stand in YAML without quotes and are text to every reader (of YAML 1.1, of 1.2, and kubectl's). The same rule as
// model/plain_scalar.py; tests/web/scripts/scalars.json holds both to it. Pure.
const WORD = /^(?:y|n|yes|no|true|false|on|off|null|~|=|<<|[-+]?\.inf|\.nan)?$/i;
const NUMBER = /^[-+]?(?:0b[01]+|0o[0-7]+|0x[0-9a-f]+|[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[-+]?[0-9]+)?)$/i;
const DATE = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?$/;

export const isTextUnquoted = (text) => !(WORD.test(text) || NUMBER.test(text.replaceAll("_", "")) || DATE.test(text));
