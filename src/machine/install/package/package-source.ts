/** How a client starts our server. */
export interface ServerStart {
  command: string;
  args: string[];
}

/** A Markdown file with front matter of plain `key: value` lines. */
export interface MarkdownSource {
  /** Without `.md`; for a skill its folder's name. */
  name: string;
  meta: ReadonlyMap<string, string>;
  body: string;
  /** The whole file. */
  text: string;
}

export interface PackageSource {
  version: string;
  description: string;
  keywords: readonly string[];
  start: ServerStart;
  agents: readonly MarkdownSource[];
  commands: readonly MarkdownSource[];
  skills: readonly MarkdownSource[];
  /** What a skill or agent needs to know outside of a worker. */
  inAChat: string;
}

/**
 * How a machine starts the copy that is installed on it: for files that are shared. Never by npx: until we publish it,
 * the name on npm is free for anybody to take.
 */
export function commandOnPath(): ServerStart {
  return { command: 'samocode-mcp', args: [] };
}

/** @throws Error when a file has no front matter */
export function parseSource(name: string, text: string): MarkdownSource {
  const parts = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text);
  if (!parts) throw new Error(`${name} has no front matter.`);
  const lines = (parts[1] ?? '').split('\n').map((line) => {
    const pair = /^([a-z-]+): (.+)$/.exec(line);
    if (!pair) throw new Error(`${name}: the front matter line "${line}" is not "key: value".`);
    return [pair[1] ?? '', (pair[2] ?? '').replace(/^"(.*)"$/, '$1')] as const;
  });
  return { name, meta: new Map(lines), body: parts[2] ?? '', text };
}
