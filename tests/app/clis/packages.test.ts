import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readSource } from '../../../scripts/packages/source.ts';
import { addServer, copyPlugin } from '../../../scripts/packages/with-server.ts';
import type { ActionContext } from '../../../src/core/caller/context/context.ts';
import { SESSION_COMMANDS } from '../../../src/core/faces/package/package-source.ts';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../src/core/kernel/processes/host.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { type InstallInput, install, uninstall } from '../../../src/extensions/setup/install/install.ts';
import { ci } from '../../support/ci.ts';
import { installCli } from '../../support/install-clis.ts';
import { startScriptedModel } from '../../support/model-stub/scripted-model.ts';
import { startServer } from '../../support/model-stub/server.ts';
import { COMPOUND_AMOUNTS } from '../../support/sample-repo/missing-feature.ts';
import { tempDir } from '../../support/temp-dir.ts';

const ROOT = join(import.meta.dirname, '../../..');
const SOURCE = await readSource(ROOT);
const SKILLS = SOURCE.skills.map(({ name }) => name);
const COMMANDS = SOURCE.commands.map(({ name }) => name);
const CLIS = ['claude', 'codex', 'gemini', 'mcpb'] as const;
const INPUT: InstallInput = { scope: 'user', dryRun: false, allow: true };
const CODEX_SETTINGS = '# mine\nmodel = "gpt-5.5"   # and why\n';
const CLAUDE_SETTINGS = '{\n\t"model": "opus", "permissions": { "deny": ["Bash(rm:*)"] }\n}\n';

const paths: Partial<Record<(typeof CLIS)[number], string>> = {};
beforeAll(async () => {
  for (const name of CLIS) paths[name] = (await installCli(name)).path;
});

test.concurrent(
  'every package passes the validator of its own client, and the plugin directory has nothing to say',
  ci,
  async ({ expect }) => {
    await using home = await startHome();
    const plugin = join(home.path, 'plugin');
    await copyPlugin(ROOT, plugin);
    const listed = await home.run(
      'claude',
      'plugin',
      'validate',
      '--strict',
      '--profile',
      'directory',
      plugin,
    );
    expect(listed).toContain('These checks found nothing to report');
    expect(listed).toContain('Hosts: ');
    expect(listed).not.toContain('Hosts not declared');
    expect(await home.run('claude', 'plugin', 'validate', '--strict', ROOT)).toContain('Validation passed');
    expect(await home.run('gemini', 'extensions', 'validate', plugin)).toContain('validated');
    const manifest = join(ROOT, 'packages/desktop/manifest.json');
    expect(await home.run('mcpb', 'validate', manifest)).toContain('passes');
  },
);

test.concurrent('the bundle for Claude Desktop is packed', async () => {
  await using home = await startHome();
  const folder = join(home.path, 'bundle');
  await cp(join(ROOT, 'packages/desktop'), folder, { recursive: true });
  await addServer(ROOT, folder);
  const bundle = join(home.path, 'samocode.mcpb');
  await home.run('mcpb', 'pack', folder, bundle);
  expect((await stat(bundle)).size).toBeLessThan(3 * 1024 * 1024);
});

test.concurrent('after an installation Claude Code lists the server and what sessions need, with --all-skills every skill and command, and an uninstall leaves nothing', async ({
  expect,
}) => {
  await using home = await startHome();
  await writeFile(join(home.path, '.claude/settings.json'), CLAUDE_SETTINGS);
  await home.change(install, 'claude', 'changed');
  await home.change(install, 'claude', 'nothing_to_do');
  const init = await home.claudeInit();
  expect(init.mcp_servers).toMatchObject([{ name: 'plugin:samocode:samocode', status: 'connected' }]);
  expect(init.tools).toContain('mcp__plugin_samocode_samocode__wait');
  const ours = ({ skills, slash_commands }: ClaudeInit) =>
    [...new Set([...skills, ...slash_commands])].filter((name) => name.includes('samocode')).sort();
  const named = (names: readonly string[]) => names.map((name) => `samocode:${name}`).sort();
  expect(ours(init)).toEqual(named([...SESSION_COMMANDS, 'samocode-run']));
  expect(JSON.stringify(init.agents)).not.toContain('samocode');
  await home.change(install, 'claude', 'changed', { allSkills: true });
  expect(ours(await home.claudeInit())).toEqual(named([...SKILLS, ...COMMANDS]));

  await home.change(uninstall, 'claude', 'changed');
  const left = JSON.parse(await readFile(join(home.path, '.claude/settings.json'), 'utf8'));
  expect(left).toEqual(JSON.parse(CLAUDE_SETTINGS));
  const bare = await home.claudeInit();
  expect(
    JSON.stringify([bare.mcp_servers, bare.tools, bare.skills, bare.slash_commands, bare.agents]),
  ).not.toContain('samocode');
});

test.concurrent('after an installation Codex lists the server, a typed command reaches the model with its text, and the other settings are kept', async ({
  expect,
}) => {
  await using home = await startHome();
  const asked: string[] = [];
  await using model = await startServer(({ body }, response) => {
    asked.push(body);
    response.writeHead(400).end('{}');
  });
  const provider = `name = "stub"\nbase_url = "${model.url}/v1"\nwire_api = "responses"\n`;
  const settings = `${CODEX_SETTINGS}model_provider = "stub"\n\n[model_providers.stub]\n${provider}`;
  await writeFile(join(home.path, '.codex/config.toml'), settings);
  await home.change(install, 'codex', 'changed', { allSkills: true });
  await home.change(install, 'codex', 'nothing_to_do', { allSkills: true });
  expect(await home.run('codex', 'mcp', 'list')).toContain(join(ROOT, 'dist/samocode-mcp.js'));
  const installed = join(home.path, `.codex/plugins/cache/samocode/samocode/${__VERSION__}/codex/skills`);
  for (const name of [...SKILLS, ...COMMANDS]) await stat(join(installed, name, 'SKILL.md'));
  // The model is refused, so the command ends with an error; only the request matters.
  await home
    .run('codex', 'exec', '--skip-git-repo-check', '$samocode:dive the tax rules')
    .catch(() => undefined);
  expect(asked.join(), 'a command').toContain('Use the skill `investigation`.');
  await home.change(uninstall, 'codex', 'changed');
  expect(await readFile(join(home.path, '.codex/config.toml'), 'utf8')).toBe(settings);
  expect(await home.run('codex', 'mcp', 'list')).toContain('No MCP servers configured');
});

// Gemini CLI, which starts slowly, is covered by install-and-uninstall.test.ts.

interface ClaudeInit {
  mcp_servers: unknown[];
  tools: string[];
  skills: string[];
  slash_commands: string[];
  agents: string[];
}

/** A fresh HOME with the real CLIs. */
async function startHome() {
  const dir = await tempDir();
  await mkdir(join(dir.path, '.claude'));
  await mkdir(join(dir.path, '.codex'));
  const model = await startScriptedModel({ work: COMPOUND_AMOUNTS });
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    ...model.environmentFor(dir.path),
    // On a busy machine a server starts too slowly for the two seconds after which Claude Code begins without it.
    MCP_CONNECTION_NONBLOCKING: '0',
    MCP_CONNECT_TIMEOUT_MS: '60000',
    CLAUDE_PATH: paths.claude ?? '',
    CODEX_PATH: paths.codex ?? '',
    GEMINI_PATH: paths.gemini ?? '',
  };
  const context: ActionContext = {
    clock: systemClock,
    host: await systemHost(),
    env,
    home: dir.path,
    cwd: dir.path,
    by: { channel: 'cli', client: 'test' },
    programs: { worker: join(ROOT, 'dist/worker.cjs'), rehearsal: join(ROOT, 'dist/samocode-rehearsal.cjs') },
  };
  async function run(name: (typeof CLIS)[number], ...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await runCommand(paths[name] ?? '', args, { cwd: dir.path, env });
    const bothStreams = `${stdout}\n${stderr}`;
    expect(exitCode, bothStreams).toBe(0);
    return bothStreams;
  }
  return {
    path: dir.path,
    run,
    async change(
      act: typeof install,
      client: string,
      outcome: string,
      more: Partial<InstallInput> = {},
    ): Promise<void> {
      const { clients } = await act({ ...INPUT, ...more, clients: [client] }, context);
      expect(clients).toMatchObject([{ client, outcome }]);
    },
    async claudeInit(): Promise<ClaudeInit> {
      const output = await run('claude', '-p', 'hello', '--output-format', 'stream-json', '--verbose');
      const lines = output.split('\n').filter((line) => line.startsWith('{'));
      return lines.map((line) => JSON.parse(line)).find(({ subtype }) => subtype === 'init');
    },
    async [Symbol.asyncDispose]() {
      await model.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}
