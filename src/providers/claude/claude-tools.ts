/** In order of preference. */
const TELLING_FIELDS = [
  'command',
  'file_path',
  'notebook_path',
  'pattern',
  'path',
  'url',
  'query',
  'skill',
  'description',
  'prompt',
];

/** The field of a tool's input that says best what the call is about. */
export function tellingField(input: Readonly<Record<string, unknown>>): string | undefined {
  return TELLING_FIELDS.find((name) => typeof input[name] === 'string');
}
