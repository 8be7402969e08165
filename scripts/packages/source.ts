import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { ifExists } from '../../src/base/errors.ts';
import {
  commandOnPath,
  type MarkdownSource,
  type PackageSource,
  parseSource,
} from '../../src/machine/install/package/package-source.ts';

/** What stands in the repository: the source of the packages, and where to find the project. */
export interface RepositorySource extends PackageSource {
  /** Name in the MCP registry. */
  registryName: string;
  repositoryUrl: string | undefined;
  /** The same for a browser. */
  webUrl: string | undefined;
}

export async function readSource(root: string): Promise<RepositorySource> {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  return {
    version: manifest.version,
    description: manifest.description,
    keywords: manifest.keywords,
    start: commandOnPath(),
    registryName: manifest.mcpName,
    repositoryUrl: manifest.repository?.url,
    webUrl: manifest.repository?.url.replace(/^git\+/, '').replace(/\.git$/, ''),
    agents: await markdownIn(root, 'agents', /^([a-z0-9-]+)\.md$/),
    commands: await markdownIn(root, 'commands', /^([a-z0-9-]+)\.md$/),
    skills: await markdownIn(root, 'skills', /^([a-z0-9-]+)\/SKILL\.md$/),
    inAChat: await readFile(join(root, 'workflow/in-a-chat.md'), 'utf8'),
  };
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
    found.map(async ({ path, name }) => parseSource(name, await readFile(join(root, path), 'utf8'))),
  );
}
