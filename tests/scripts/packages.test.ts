import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { desktopFiles } from '../../scripts/packages/desktop.ts';
import { exampleFiles } from '../../scripts/packages/examples.ts';
import { GENERATED_FOLDERS, HAND_MADE, packageFiles } from '../../scripts/packages/package-files.ts';
import { filesBelow, readSource } from '../../scripts/packages/source.ts';
import { compiledSource } from '../../src/machine/install/package/compiled-source.ts';
import { parseSource } from '../../src/machine/install/package/package-source.ts';
import type { SettingSpec } from '../../src/project/settings/setting-spec.ts';
import { SETTINGS } from '../../src/project/settings/settings.ts';
import { TOOLS } from '../../src/server/tools.ts';

const ROOT = join(import.meta.dirname, '../..');
const FILES = await packageFiles(ROOT);
const read = (path: string) => JSON.parse(FILES.get(path) ?? '{}');

test('every generated file matches its sources: npm run packages', async () => {
  const stale: string[] = [];
  for (const [path, text] of FILES) {
    if ((await readFile(join(ROOT, path), 'utf8').catch(() => '')) !== text) stale.push(path);
  }
  expect(stale).toEqual([]);
});

test('the texts compiled into the program are exactly those in the repository', async () => {
  const { agents, commands, skills, inAChat, description, start } = await readSource(ROOT);
  expect(compiledSource(start)).toMatchObject({ agents, commands, skills, inAChat, description });
});

test('the generated folders contain nothing else', async () => {
  const there = (await Promise.all(GENERATED_FOLDERS.map((folder) => filesBelow(ROOT, folder)))).flat();
  expect(there.filter((path) => !FILES.has(path) && !HAND_MADE.has(path))).toEqual([]);
});

test('all packages have version and registry name of package.json, and start only that server', async () => {
  const { version, mcpName } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  expect(read('server.json').name).toBe(mcpName);
  const start = { command: 'samocode-mcp', args: [] };
  const claude = read('packages/claude/.claude-plugin/plugin.json');
  const gemini = read('packages/gemini/gemini-extension.json');
  const versions = [
    claude.version,
    gemini.version,
    read('packages/codex/.codex-plugin/plugin.json').version,
    read('packages/desktop/manifest.json').version,
    read('server.json').version,
    read('.claude-plugin/marketplace.json').metadata.version,
  ];
  expect(versions).toEqual(versions.map(() => version));
  expect(claude.mcpServers.samocode).toEqual(start);
  expect(gemini.mcpServers.samocode).toMatchObject(start);
  expect(read('packages/codex/.mcp.json').mcpServers.samocode).toMatchObject(start);
});

test('no package permits a model to act for a person', () => {
  const all = [...FILES]
    .filter(([path]) => path.endsWith('.json'))
    .map(([, text]) => text)
    .join('\n');
  expect(all).not.toMatch(/"trust": true|default_tools_approval_mode"|"approve"|allowedTools/);
});

test('the files for Codex contain no variable of another client, and no command is used unless it is named', () => {
  const codex = [...FILES].filter(([path]) => path.startsWith('packages/codex/'));
  expect(codex.filter(([, text]) => text.includes('${') || text.includes('$ARGUMENTS'))).toEqual([]);
  const policies = codex.filter(([path]) => path.endsWith('openai.yaml'));
  expect(policies).toHaveLength(14);
  expect(FILES.get('packages/codex/skills/dive/SKILL.md')).toContain(
    'Only when the user writes $samocode:dive.',
  );
  for (const [path, text] of codex.filter(([name]) => name.endsWith('SKILL.md'))) {
    expect(parseSource(path, text).meta.get('name')).toBe(path.split('/').at(-2));
  }
});

test('the plugin of Claude Code has no file that would be read as a second server', () => {
  expect([...FILES.keys()].filter((path) => path.startsWith('packages/claude/.mcp'))).toEqual([]);
});

test('the bundle for Claude Desktop lists every tool, the registry entry keeps its limits', () => {
  const { tools } = read('packages/desktop/manifest.json');
  expect(tools.map(({ name }: { name: string }) => name)).toEqual(TOOLS.map(({ name }) => name));
  const server = read('server.json');
  expect(server.description.length).toBeLessThanOrEqual(100);
  expect(server.name).toMatch(/^[a-z0-9.-]+\/[a-z0-9-]+$/);
});

test('values that a person enters in Claude Desktop reach the server by variables that it reads', () => {
  const { user_config: fields, server } = read('packages/desktop/manifest.json');
  const rows: readonly SettingSpec[] = Object.values(SETTINGS);
  const variables = rows.flatMap(
    ({ scope, key, pairedWith }) => (scope === 'project' ? pairedWith : key) ?? [],
  );
  const passed: [string, string][] = Object.entries(server.mcp_config.env);
  expect(passed.map(([name]) => name).filter((name) => !variables.includes(name))).toEqual([
    'CLAUDE_PROJECT_DIR',
  ]);
  expect(passed.map(([, value]) => value)).toEqual(
    Object.keys(fields).map((field) => `\${user_config.${field}}`),
  );
});

test('links exist once package.json names a repository, and none is invented before', async () => {
  const source = await readSource(ROOT);
  const at = (files: Record<string, string>, path: string) => JSON.parse(files[path] ?? '{}');
  const links = /https?:\/\/(?!static\.modelcontextprotocol\.io)/;
  expect(`${FILES.get('server.json')}${FILES.get('packages/desktop/manifest.json')}`).not.toMatch(links);
  const webUrl = 'https://github.com/somebody/samocode-mcp';
  const published = { ...source, webUrl, repositoryUrl: `git+${webUrl}.git` };
  expect(at(desktopFiles(published), 'packages/desktop/manifest.json')).toMatchObject({
    homepage: webUrl,
    support: `${webUrl}/issues`,
    documentation: `${webUrl}/blob/HEAD/README.md`,
    privacy_policies: [`${webUrl}/blob/HEAD/docs/privacy.md`],
  });
  expect(at(exampleFiles(published), 'server.json')).toMatchObject({
    repository: { url: webUrl },
    websiteUrl: webUrl,
    packages: [
      {
        environmentVariables: expect.arrayContaining([
          { name: 'CLAUDE_PATH', description: expect.any(String) },
        ]),
      },
    ],
  });
});

test('commands of Gemini contain the text unchanged', () => {
  const toml = FILES.get('packages/gemini/commands/dop2.toml') ?? '';
  expect(toml).toContain('description = "Do one plan phase after weighing two independent solutions"\n');
  expect(toml).toContain('{{args}}');
  expect(toml).not.toContain('$ARGUMENTS');
});
