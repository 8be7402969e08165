import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GENERATED_FOLDERS, HAND_MADE, packageFiles } from '../../scripts/packages/package-files.ts';
import { filesBelow, linksOf, readSource } from '../../scripts/packages/source.ts';
import { TOOLS } from '../../src/app/server/tools.ts';
import { compiledSource } from '../../src/core/faces/package/compiled-source.ts';
import { parseSource, SESSION_COMMANDS } from '../../src/core/faces/package/package-source.ts';
import { settingByKey, settingRows } from '../../src/core/project/settings/settings.ts';
import {
  claudePackage,
  codexPackage,
  geminiPackage,
} from '../../src/extensions/setup/install/client-packages.ts';

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
  const { commands, skills, description, author, start } = await readSource(ROOT);
  const all = { commands, skills, description, author };
  expect(compiledSource(start, { allSkills: true })).toMatchObject(all);
});

test('the generated folders contain nothing else', async () => {
  const there = (await Promise.all(GENERATED_FOLDERS.map((folder) => filesBelow(ROOT, folder)))).flat();
  expect(there.filter((path) => !FILES.has(path) && !HAND_MADE.has(path))).toEqual([]);
});

test('all packages have the version and registry name of package.json, and start only their own server', async () => {
  const { version, mcpName } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  expect(read('server.json').name).toBe(mcpName);
  const claude = read('packages/plugin/.claude-plugin/plugin.json');
  const gemini = read('packages/plugin/gemini-extension.json');
  const versions = [
    claude.version,
    gemini.version,
    read('packages/plugin/.codex-plugin/plugin.json').version,
    read('packages/desktop/manifest.json').version,
    read('server.json').version,
    read('.claude-plugin/marketplace.json').metadata.version,
  ];
  expect(versions).toEqual(versions.map(() => version));
  const startIn = (folder: string) => ({
    command: '/bin/sh',
    args: [`${folder}server/start-server.sh`, `${folder}server/samocode-mcp.js`, '--no-prompts'],
  });
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: clients put the plugin's folder there
  expect(claude.mcpServers.samocode).toEqual(startIn('${CLAUDE_PLUGIN_ROOT}/'));
  expect(gemini.mcpServers.samocode).toMatchObject(startIn('${extensionPath}/'));
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: the two above
  expect(read('packages/plugin/codex/mcp.json').mcpServers.samocode).toMatchObject({
    ...startIn(''),
    cwd: '.',
  });
});

test('the plugin has one skill, three commands that only a person can call, and no agent', () => {
  const names = [...FILES.keys()].filter((path) => path.startsWith('packages/plugin/'));
  const at = (pattern: RegExp) => names.flatMap((path) => pattern.exec(path)?.[1] ?? []).sort();
  const commands = SESSION_COMMANDS.toSorted();
  expect(at(/plugin\/skills\/(.+)\/SKILL\.md$/)).toEqual(['samocode-run']);
  expect(at(/plugin\/commands\/(.+)\.md$/)).toEqual(commands);
  expect(at(/plugin\/commands\/(.+)\.toml$/)).toEqual(commands);
  expect(at(/plugin\/codex\/skills\/(.+)\/SKILL\.md$/)).toEqual([...commands, 'samocode-run'].sort());
  expect(at(/(agents\/.*\.md)$/)).toEqual([]);
  const readme = FILES.get('packages/plugin/README.md') ?? '';
  expect(commands.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  for (const name of commands) {
    const { meta, body } = parseSource(name, FILES.get(`packages/plugin/commands/${name}.md`) ?? '');
    expect(meta.get('disable-model-invocation')).toBe('true');
    expect(body).not.toMatch(/\$(?!ARGUMENTS)[A-Z]/);
  }
});

test('with all skills every client gets every skill and command', async () => {
  const source = compiledSource({ command: 'x', args: [] }, { allSkills: true });
  const [skills, commands] = [source.skills, source.commands].map((all) => all.map(({ name }) => name));
  expect([skills?.length, commands?.length]).toEqual([11, 17]);
  const files = Object.keys({ ...claudePackage(source), ...codexPackage(source), ...geminiPackage(source) });
  const wanted = [
    ...(skills ?? []).flatMap((name) => [`skills/${name}/SKILL.md`, `codex/skills/${name}/SKILL.md`]),
    ...(commands ?? []).flatMap((name) => [`commands/${name}.md`, `commands/${name}.toml`]),
  ];
  expect(files).toEqual(expect.arrayContaining(wanted));
});

test('in the one folder of all packages, each client has its own files', () => {
  const source = compiledSource({ command: 'x', args: [] }, { allSkills: true });
  const packages = [claudePackage(source), codexPackage(source), geminiPackage(source)];
  for (const each of packages) expect(Object.assign({}, ...packages)).toMatchObject(each);
});

test('no package permits a model to act for a person', () => {
  const all = [...FILES]
    .filter(([path]) => path.endsWith('.json'))
    .map(([, text]) => text)
    .join('\n');
  expect(all).not.toMatch(/"trust": true|default_tools_approval_mode"|"approve"|allowedTools/);
});

test('the files for Codex contain no variable of another client, and no command is used unless it is named', () => {
  const codex = [...FILES].filter(([path]) => /^packages\/plugin\/\.?codex/.test(path));
  expect(codex.filter(([, text]) => text.includes('${') || text.includes('$ARGUMENTS'))).toEqual([]);
  const policies = codex.filter(([path]) => path.endsWith('openai.yaml'));
  expect(policies).toHaveLength(SESSION_COMMANDS.length);
  expect(FILES.get('packages/plugin/codex/skills/start/SKILL.md')).toContain(
    'Only when the user writes $samocode:start.',
  );
  for (const [path, text] of codex.filter(([name]) => name.endsWith('SKILL.md'))) {
    expect(parseSource(path, text).meta.get('name')).toBe(path.split('/').at(-2));
  }
});

test('the plugin of Claude Code has no file that would be read as a second server', () => {
  expect([...FILES.keys()].filter((path) => path.startsWith('packages/plugin/.mcp'))).toEqual([]);
});

test('the bundle for Claude Desktop lists every tool, and the registry entry is within its limits', () => {
  const { tools } = read('packages/desktop/manifest.json');
  expect(tools.map(({ name }: { name: string }) => name)).toEqual(TOOLS.map(({ name }) => name));
  const server = read('server.json');
  expect(server.description.length).toBeLessThanOrEqual(100);
  expect(server.name).toMatch(/^[a-z0-9.-]+\/[a-z0-9-]+$/);
});

test('values that a person enters in Claude Desktop reach the server in variables that it reads', () => {
  const { user_config: fields, server } = read('packages/desktop/manifest.json');
  expect(fields.provider.description, 'what a person without a shell can choose').toMatch(/qwen or kiro\./);
  const variables = settingRows().flatMap(
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

test('every address comes from the one in package.json, which is a placeholder before the first publication', async () => {
  const { repository } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const web = repository.url.replace(/^git\+|\.git$/g, '');
  const links = linksOf(repository.url);
  expect(read('packages/plugin/.claude-plugin/plugin.json')).toMatchObject({
    ...{ homepage: web, repository: web, supportUrl: `${web}/issues` },
    privacyPolicyUrl: `${web}/blob/HEAD/docs/privacy.md`,
  });
  expect(read('packages/plugin/.codex-plugin/plugin.json')).toMatchObject({
    interface: { websiteURL: links.homepage, privacyPolicyURL: links.privacy },
  });
  expect(read('packages/desktop/manifest.json')).toMatchObject({
    ...{ homepage: web, support: links.support, documentation: links.documentation },
    privacy_policies: [links.privacy],
  });
  expect(read('server.json')).toMatchObject({ repository: { url: web }, websiteUrl: web });
  const addresses = [...FILES.values()].join('\n').match(/https?:\/\/[^\s"'`)]+/g) ?? [];
  const others = /^https:\/\/(?:static\.modelcontextprotocol\.io|nodejs\.org)/;
  expect(addresses.filter((one) => !one.startsWith(web) && !others.test(one))).toEqual([]);
});

test('the plugin of Claude Code declares the hosts that are fixed, and the page about privacy explains each', async () => {
  const { hosts } = read('packages/plugin/.claude-plugin/plugin.json').network;
  const [, telegram] = /https:\/\/([a-z.]+),/.exec(settingByKey('TELEGRAM_API_ROOT')?.doc ?? '') ?? [];
  expect(hosts).toEqual(['github.com', 'api.github.com', telegram]);
  const page = await readFile(join(ROOT, 'docs/privacy.md'), 'utf8');
  expect(hosts.filter((host: string) => !page.includes(`\`${host}\``))).toEqual([]);
});

test('commands of Gemini contain the text unchanged', () => {
  const toml = FILES.get('packages/plugin/commands/start.toml') ?? '';
  expect(toml).toContain('description = "Hand a task to samocode and follow it to its end"\n');
  expect(toml).toContain('{{args}}');
  expect(toml).not.toContain('$ARGUMENTS');
});
