import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import {
  commandOnPath,
  type MarkdownSource,
  type PackageSource,
  parseSource,
  SESSION_COMMANDS,
  type WebLinks,
} from '../../src/core/faces/package/package-source.ts';
import { ifExists } from '../../src/core/kernel/errors.ts';

/** The source of the packages as it is in the repository, with the addresses of the project. */
export interface RepositorySource extends PackageSource {
  /** Name in the MCP registry. */
  registryName: string;
  links: WebLinks;
  release: Release;
  agents: readonly MarkdownSource[];
  /** What a skill must say outside a worker. */
  inAChat: string;
}

/** Facts about the newest release that no source contains; zeros before the first one. */
export interface Release {
  /** The commit of the branch `plugins` with the built plugin. */
  pluginCommit: string;
  /** SHA-256 of the bundle for Claude Desktop. */
  bundleSha256: string;
}

/** The branch with the whole plugin: a commit per release. */
export const PLUGIN_BRANCH = 'plugins';

/** Written by `npm run plugin` when a release is made. */
export const RELEASE_FILE = 'packages/release.json';

/** The bundle for Claude Desktop, as a release has it. */
export const BUNDLE = 'samocode-mcp.mcpb';

/** The addresses that are derived from the one in package.json. */
export function linksOf(repositoryUrl: string): WebLinks {
  const repository = repositoryUrl.replace(/^git\+/, '').replace(/\.git$/, '');
  const page = (path: string) => `${repository}/blob/HEAD/${path}`;
  return {
    homepage: repository,
    repository,
    documentation: page('README.md'),
    support: `${repository}/issues`,
    privacy: page('docs/privacy.md'),
  };
}

export async function readSource(root: string): Promise<RepositorySource> {
  const read = (path: string) => readFile(join(root, path), 'utf8');
  const { version, description, author, keywords, mcpName, repository } = JSON.parse(
    await read('package.json'),
  );
  const ofSessions = SESSION_COMMANDS.map(async (name) =>
    parseSource(name, await read(`prompts/${name}.md`)),
  );
  return {
    ...{ version, description, author, keywords },
    start: commandOnPath(),
    registryName: mcpName,
    links: linksOf(repository.url),
    release: JSON.parse(await read(RELEASE_FILE)),
    agents: await markdownIn(root, 'agents', /^([a-z0-9-]+)\.md$/),
    commands: [
      ...(await Promise.all(ofSessions)),
      ...(await markdownIn(root, 'commands', /^([a-z0-9-]+)\.md$/)),
    ],
    skills: await markdownIn(root, 'skills', /^([a-z0-9-]+)\/SKILL\.md$/),
    inAChat: await read('workflow/in-a-chat.md'),
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
