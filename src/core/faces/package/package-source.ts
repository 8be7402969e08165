export interface ServerStart {
  command: string;
  args: string[];
  /** The working directory, if not the client's own; for Codex relative to the plugin. */
  cwd?: string;
}

/** A Markdown file whose front matter has plain `key: value` lines. */
export interface MarkdownSource {
  /** Without `.md`; for a skill, the name of its folder. */
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
  /** Web pages, once the project has some. */
  links?: WebLinks;
  start: ServerStart;
  /** The commands from `prompts/` come first. */
  commands: readonly MarkdownSource[];
  skills: readonly MarkdownSource[];
}

/** URLs that plugin directories ask for. */
export interface WebLinks {
  homepage: string;
  repository: string;
  documentation: string;
  support: string;
  privacy: string;
}

export const SESSION_COMMANDS = ['start', 'review-plan', 'morning-report'] as const;

/** The part that is installed by default: a model reads the list of skills in every chat, so it is kept short. */
export function lightSource(source: PackageSource): PackageSource {
  const isLight = ({ name }: MarkdownSource) => SESSION_COMMANDS.some((one) => one === name);
  return {
    ...source,
    commands: source.commands.filter(isLight),
    skills: source.skills.filter(({ name }) => name === 'samocode-run'),
  };
}

/** The command of an installed copy, for shared files. Not npx: anyone can still claim our name on npm. */
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
