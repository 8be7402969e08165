import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { type InstallInput, install, uninstall } from '../../../../src/extensions/setup/install/install.ts';
import { ci } from '../../../support/ci.ts';
import { installCli } from '../../../support/install-clis.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const CLIS = ['claude', 'codex', 'gemini'] as const;
const INPUT: InstallInput = { scope: 'user', dryRun: false, allow: true };
const CLAUDE = '.claude/settings.json';
const CODEX = '.codex/config.toml';
const DESKTOP = '.config/Claude/claude_desktop_config.json';

const paths: Partial<Record<(typeof CLIS)[number], string>> = {};
beforeAll(async () => {
  for (const name of CLIS) paths[name] = (await installCli(name)).path;
});

test.concurrent(
  'after every client has gone from this machine, an uninstall still restores it, and samocode can be installed again',
  ci,
  async ({ expect }) => {
    const files = {
      [CLAUDE]: '{\r\n\t"model": "opus",\r\n\t"permissions": {\r\n\t\t"deny": ["Bash(rm:*)"]\r\n\t}\r\n}\r\n',
      [CODEX]: 'model = "gpt-5.5"\n',
      [DESKTOP]: '{\n  "mcpServers": { "other": { "command": "x" } }\n}\n',
    };
    await using home = await startHome(files);
    expect(await home.change(install)).toEqual([
      'claude changed',
      'codex changed',
      'gemini changed',
      'desktop changed',
    ]);
    expect(await home.change(install)).toEqual(
      CLIS.map((name) => `${name} nothing_to_do`).concat('desktop nothing_to_do'),
    );
    expect(await home.change(uninstall, { withClients: false })).toEqual([
      'claude changed',
      'codex changed',
      'gemini changed',
      'desktop changed',
    ]);
    for (const path of [CLAUDE, DESKTOP] as const)
      expect(JSON.parse(await home.read(path)), path).toEqual(JSON.parse(files[path]));
    expect(await home.read(CODEX)).toBe(files[CODEX]);
    const naming = await home.filesWith(/samocode/, ['.claude/telemetry', '.claude.json', '.claude/backups']);
    expect(naming).toEqual([]);
    // Newer versions list plugins that come with them.
    expect(await home.run('claude', 'plugin', 'list')).not.toContain('samocode');
    expect(await home.run('codex', 'mcp', 'list')).toContain('No MCP servers configured');
    expect(await home.run('gemini', 'extensions', 'list')).toContain('No extensions installed');

    expect(await home.change(install), 'again').toEqual(
      [...CLIS, 'desktop'].map((name) => `${name} changed`),
    );
    expect(await home.run('claude', 'plugin', 'list')).toContain('samocode@samocode');
    expect(await home.run('codex', 'mcp', 'list')).toContain(join(ROOT, 'dist/samocode-mcp.js'));
    const listed = await home.run('gemini', 'extensions', 'list');
    for (const name of ['samocode', 'MCP servers:', 'samocode-run']) expect(listed, 'gemini').toContain(name);
    const trusted = join(home.path, '.gemini/trustedFolders.json');
    expect(await ifExists(stat(trusted)), 'no folder is trusted for gemini').toBeUndefined();
    expect(await home.change(uninstall, { clients: ['gemini'] }), 'by gemini').toEqual(['gemini changed']);
    expect(await home.run('gemini', 'extensions', 'list'), 'by gemini').not.toContain('samocode');
  },
);

test.concurrent('a Claude Code with comments in its settings gets the server by the command that is shown, and loses it again', async ({
  expect,
}) => {
  const settings = '{\n  // mine\n  "model": "opus",\n}\n';
  await using home = await startHome({ [CLAUDE]: settings });
  const { clients } = await home.report(install, { clients: ['claude'] });
  const [, command = ''] = /: claude (mcp add .*)$/.exec(clients[0]?.problem?.hint ?? '') ?? [];
  await home.run('claude', ...command.split(' '));
  expect(await home.run('claude', 'mcp', 'list')).toMatch(/samocode: .*Connected/);
  expect(await home.change(install, { clients: ['claude'] })).toEqual(['claude nothing_to_do']);
  expect(await home.read(CLAUDE)).toBe(settings);
  expect(await home.change(uninstall, { clients: ['claude'] })).toEqual(['claude changed']);
  expect(await home.run('claude', 'mcp', 'list')).toContain('No MCP servers configured');
});

test.concurrent('comments in the settings of Codex survive an install, an update and an uninstall', async ({
  expect,
}) => {
  const settings = '# [plugins."samocode@samocode"]\nmodel = "gpt-5.5"   # and why\n';
  await using home = await startHome({ [CODEX]: settings });
  expect(await home.change(install, { clients: ['codex'] })).toEqual(['codex changed']);
  const rules = await home.read(CODEX);
  await rm(join(home.path, '.config/samocode'), { recursive: true });
  expect(await home.change(install, { clients: ['codex'] }), 'an update').toEqual(['codex changed']);
  expect(await home.read(CODEX)).toBe(rules);
  expect(await home.change(uninstall, { clients: ['codex'] })).toEqual(['codex changed']);
  expect(await home.read(CODEX)).toBe(settings);
});

test.concurrent('for broken settings of Codex its own error is shown, and an uninstall leaves nothing of samocode', async ({
  expect,
}) => {
  const broken = 'model = "x"\n[a\n';
  await using home = await startHome({ [CODEX]: broken });
  const { clients } = await home.report(install, { clients: ['codex'] });
  expect(clients).toMatchObject([
    {
      outcome: 'failed',
      failedStep: expect.stringContaining('plugin marketplace add'),
      problem: { said: expect.stringMatching(/^Error: .*\n.*\n.*config\.toml:2:3: unclosed table/) },
    },
  ]);
  expect(await home.read(CODEX)).toBe(broken);
  expect(await home.change(uninstall, { clients: ['codex'] })).toEqual(['codex changed']);
  expect(await home.filesWith(/samocode/, [])).toEqual([]);
});

/** A fresh HOME with the real clients, and with those files. */
async function startHome(files: Readonly<Record<string, string>>) {
  const dir = await tempDir();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir.path, path)), { recursive: true });
    await writeFile(join(dir.path, path), text);
  }
  const env = { HOME: dir.path, PATH: process.env.PATH ?? '' };
  const withClients = {
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
  interface How {
    clients?: readonly string[];
    withClients?: boolean;
  }
  const report = async (act: typeof install, how: How = {}) =>
    await act(
      { ...INPUT, clients: how.clients },
      {
        ...context,
        env: how.withClients === false ? { HOME: dir.path, PATH: '/nowhere' } : { ...env, ...withClients },
      },
    );
  return {
    path: dir.path,
    report,
    async change(act: typeof install, how: How = {}): Promise<string[]> {
      const { clients } = await report(act, how);
      return clients.map(({ client, outcome }) => `${client} ${outcome}`);
    },
    read: (path: string) => readFile(join(dir.path, path), 'utf8'),
    async run(name: (typeof CLIS)[number], ...args: string[]): Promise<string> {
      const { exitCode, stdout, stderr } = await runCommand(paths[name] ?? '', args, { cwd: dir.path, env });
      expect(exitCode, stdout + stderr).toBe(0);
      return stdout + stderr;
    },
    /** Files whose path or text contains the word. */
    async filesWith(word: RegExp, but: readonly string[]): Promise<string[]> {
      const entries = await readdir(dir.path, { recursive: true });
      const found: string[] = [];
      for (const path of entries.filter((one) => !but.some((start) => one.startsWith(start)))) {
        const isFile = (await stat(join(dir.path, path))).isFile();
        if (word.test(path) || (isFile && word.test(await readFile(join(dir.path, path), 'utf8'))))
          found.push(path);
      }
      return found.filter((path) => !files[path]);
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}
