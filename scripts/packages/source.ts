import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { ifExists } from '../../src/base/errors.ts';

/** A Markdown file with front matter of plain `key: value` lines. */
export interface MarkdownSource {
  /** Without `.md`; for a skill its folder's name. */
  name: string;
  meta: ReadonlyMap<string, string>;
  body: string;
  /** The whole file. */
  text: string;
}

/** All that the packages are made from. */
export interface PackageSource {
  version: string;
  description: string;
  keywords: readonly string[];
  /** Name in the MCP registry. */
  registryName: string;
  repositoryUrl: string | undefined;
  agents: readonly MarkdownSource[];
  commands: readonly MarkdownSource[];
  skills: readonly MarkdownSource[];
  /** What a skill or agent needs to know outside of a worker. */
  inAChat: string;
}

export async function readSource(root: string): Promise<PackageSource> {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  return {
    version: manifest.version,
    description: manifest.description,
    keywords: manifest.keywords,
    registryName: manifest.mcpName ?? 'io.github.samocode/samocode-mcp',
    repositoryUrl: manifest.repository?.url,
    agents: await markdownIn(root, 'agents', /^([a-z0-9-]+)\.md$/),
    commands: await markdownIn(root, 'commands', /^([a-z0-9-]+)\.md$/),
    skills: await markdownIn(root, 'skills', /^([a-z0-9-]+)\/SKILL\.md$/),
    inAChat: await readFile(join(root, 'workflow/in-a-chat.md'), 'utf8'),
  };
}

/** @throws Error when a file has no front matter */
export function parseMarkdown(name: string, text: string): MarkdownSource {
  const parts = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text);
  if (!parts) throw new Error(`${name} has no front matter.`);
  const lines = (parts[1] ?? '').split('\n').map((line) => {
    const pair = /^([a-z-]+): (.+)$/.exec(line);
    if (!pair) throw new Error(`${name}: the front matter line "${line}" is not "key: value".`);
    return [pair[1] ?? '', (pair[2] ?? '').replace(/^"(.*)"$/, '$1')] as const;
  });
  return { name, meta: new Map(lines), body: parts[2] ?? '', text };
}

/** Paths of all files below a folder, from `root`, sorted, with `/`. */
export async function filesBelow(root: string, folder: string): Promise<string[]> {
  const entries =
    (await ifExists(readdir(join(root, folder), { recursive: true, withFileTypes: true }))) ?? [];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, '/').length).replaceAll(sep, '/'))
    .sort();
}

async function markdownIn(root: string, folder: string, pattern: RegExp): Promise<MarkdownSource[]> {
  const found = (await filesBelow(root, folder)).flatMap((path) => {
    const name = pattern.exec(path.slice(folder.length + 1))?.[1];
    return name === undefined ? [] : [{ path, name }];
  });
  return await Promise.all(
    found.map(async ({ path, name }) => parseMarkdown(name, await readFile(join(root, path), 'utf8'))),
  );
}
