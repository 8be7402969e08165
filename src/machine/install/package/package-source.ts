/** How a client starts our server. */
export interface ServerStart {
  command: string;
  args: string[];
}

/** A Markdown file whose front matter has plain `key: value` lines. */
export interface MarkdownSource {
  /** Without `.md`; the folder's name for a skill. */
  name: string;
  meta: ReadonlyMap<string, string>;
  body: string;
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
  /** What a skill or agent must know outside of a worker. */
  inAChat: string;
}

/**
 * The command of an installed copy, for shared files. Never npx: until we publish the package, anyone can claim its
 * name on npm.
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
