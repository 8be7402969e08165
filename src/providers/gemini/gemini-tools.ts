/** In order of preference. */
const TELLING = ['command', 'file_path', 'absolute_path', 'dir_path', 'path', 'pattern', 'query', 'url'];

/** The parameter of a tool that says best what the call is about. */
export function tellingParameter(parameters: Readonly<Record<string, unknown>>): string | undefined {
  return TELLING.find((name) => typeof parameters[name] === 'string');
}
