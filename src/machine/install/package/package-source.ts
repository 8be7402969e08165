/** How a client starts our server. */
export interface ServerStart {
  command: string;
  args: string[];
  /** If not where the client is; for Codex relative to the plugin. */
  cwd?: string;
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
  author: { name: string };
  keywords: readonly string[];
  /** Pages on the web, once the project has some. */
  links?: WebLinks | undefined;
  start: ServerStart;
  /** The three of `prompts/` first. */
  commands: readonly MarkdownSource[];
  skills: readonly MarkdownSource[];
}

/** Addresses that lists of plugins ask for. */
export interface WebLinks {
  homepage: string;
  repository: string;
  documentation: string;
  support: string;
  privacy: string;
}

/** The commands about whole sessions. */
export const SESSION_COMMANDS = ['start', 'review-plan', 'morning-report'] as const;

/** What is installed unless all skills are asked for: a model reads the list of skills in every chat. */
export function lightSource(source: PackageSource): PackageSource {
  const isLight = ({ name }: MarkdownSource) => SESSION_COMMANDS.some((one) => one === name);
  return {
    ...source,
    commands: source.commands.filter(isLight),
    skills: source.skills.filter(({ name }) => name === 'samocode-run'),
  };
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
