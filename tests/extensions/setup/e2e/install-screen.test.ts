import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../../support/ci.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const PROGRAM = join(import.meta.dirname, '../../../../dist/samocode.js');
/** A client that ends each command only when the test permits it, and fails at the second. */
const SLOW = `#!/bin/sh
while [ ! -e "$HOME/go" ]; do sleep 0.05; done
case "$*" in "plugin add"*) printf 'Error: no network\\n  1: a\\n  9: <unknown>\\n' >&2; exit 1;; esac
`;

test(
  'each step is on the screen before the client has completed it, the failed one is named, and the status is 1',
  ci,
  async () => {
    await using home = await startHome({ 'bin/codex': SLOW });
    const screen = home.run('install', '--client', 'codex', '--verbose');
    await screen.shows('plugin marketplace add');
    await home.write('go', '');
    expect(await screen.ended).toBe(1);
    const lines = screen.text().split('\n');
    expect(lines.slice(lines.indexOf('✘ Codex  failed'))).toEqual([
      '✘ Codex  failed',
      expect.stringMatching(/^ {2}✘ run .*codex plugin add samocode@samocode$/),
      expect.stringContaining('A command of the client failed.'),
      '  | Error: no network',
      '  | 1: a',
      '  | 9: <unknown>',
      '  Fix the error that it printed, then run samocode install again.',
      '',
    ]);
  },
);

test('an install and an uninstall are a line per client, what to restart, and the next step', async () => {
  await using home = await startHome({ '.config/Claude/config.json': '{}', 'bin/gemini': '#!/bin/sh\n' });
  const lines = async (...args: string[]) => {
    const screen = home.run(...args);
    expect(await screen.ended).toBe(0);
    return screen.text().trimEnd().split('\n');
  };
  expect(await lines('install')).toEqual([
    '✔ Gemini CLI      extension installed',
    '✔ Claude Desktop  server added',
    'Restart Gemini CLI; /mcp then shows samocode in every folder that you trust there. Gemini CLI takes an API key or an enterprise licence, and no login of an individual.',
    'Quit Claude Desktop and open it again.',
    'Next: samocode doctor, then in a repository: samocode run',
  ]);
  expect(await lines('install')).toEqual([
    '✔ Gemini CLI      already installed',
    '✔ Claude Desktop  already installed',
    'Next: samocode doctor, then in a repository: samocode run',
  ]);
  expect(await lines('uninstall', '--dry-run')).toContain(
    `  remove ${home.path}/.gemini/extensions/samocode`,
  );
  expect(await lines('uninstall')).toEqual([
    '✔ Gemini CLI      samocode removed',
    '✔ Claude Desktop  samocode removed',
    'Restart Gemini CLI.',
    'Quit Claude Desktop and open it again.',
  ]);
});

test('a client that cannot write settings with comments is left to the person with what to add, and the status is 0', async () => {
  await using home = await startHome({
    '.claude/settings.json': '{} // mine\n',
    'bin/claude': '#!/bin/sh\n',
    '.cursor/mcp.json': '{} // mine\n',
  });
  const screen = home.run('install');
  expect(await screen.ended).toBe(0);
  expect(screen.text().split('\n').slice(0, 4)).toEqual([
    '– Claude Code  left to you',
    `  The settings file ${home.path}/.claude/settings.json was not changed. It has comments, and Claude Code cannot add a plugin to such a file.`,
    expect.stringMatching(
      /^ {2}Remove the comments, or add the server .*: claude mcp add --scope user samocode -- /,
    ),
    '✔ Cursor       server added',
  ]);
});

test('an uninstall that leaves something names it and ends with 1', async () => {
  await using home = await startHome({
    '.codex/config.toml': '# mine\nplugins = { "samocode@samocode" = {} }\n',
  });
  const screen = home.run('uninstall');
  expect(await screen.ended).toBe(1);
  expect(screen.text()).toContain(
    `  Still there: ${home.path}/.codex/config.toml, at plugins.samocode@samocode: `,
  );
});

test('an uninstall with nothing to remove says so and exits with 0', async () => {
  await using home = await startHome({});
  const screen = home.run('uninstall');
  expect(await screen.ended).toBe(0);
  expect(screen.text()).toBe('Nothing to remove: no client has samocode.\n');
});

async function startHome(files: Readonly<Record<string, string>>) {
  const dir = await tempDir();
  const home = {
    path: dir.path,
    async write(path: string, text: string): Promise<void> {
      await mkdir(dirname(join(dir.path, path)), { recursive: true });
      await writeFile(join(dir.path, path), text);
      await chmod(join(dir.path, path), 0o755);
    },
    run(...args: string[]) {
      const env = { HOME: dir.path, PATH: `${join(dir.path, 'bin')}:/usr/bin:/bin` };
      const program = spawn(process.execPath, [PROGRAM, ...args], { env, cwd: dir.path });
      let text = '';
      program.stdout.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      const ended = once(program, 'close').then(([code]) => code);
      return {
        ended,
        text: () => text,
        async shows(words: string): Promise<void> {
          while (!text.includes(words)) await once(program.stdout, 'data');
        },
      };
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
  for (const [path, content] of Object.entries(files)) await home.write(path, content);
  return home;
}
