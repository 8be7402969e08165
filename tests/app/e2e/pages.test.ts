import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { systemHost } from '../../../src/core/kernel/processes/host.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { ci } from '../../support/ci.ts';
import { endSessionsBelow } from '../../support/live-session.ts';
import { commandsOf, isAsShown, type PageCommand } from '../../support/page-commands.ts';
import { pagePaths } from '../../support/pages.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { NOT_RUN } from '../../words/not-run.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** A fresh home with a small repository, and `samocode` on the PATH: the start of every page. */
async function pageScene() {
  const dir = await tempDir();
  const [home, bin, repo] = ['home', 'bin', 'my-repo'].map((name) => join(dir.path, name)) as [
    string,
    string,
    string,
  ];
  await Promise.all([home, bin, repo].map((path) => mkdir(path)));
  const { cli } = await builtPrograms();
  const env = {
    PATH: [bin, process.env.PATH].join(delimiter),
    HOME: home,
    COLUMNS: '120',
    SAMOCODE_SUPERVISOR: 'off',
    KEEP_AWAKE: 'no',
    SAMOCODE_REHEARSAL_PACE_MS: '0',
  };
  await writeFile(join(bin, 'samocode'), `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`);
  await chmod(join(bin, 'samocode'), 0o755);
  const shell = (command: string, cwd = repo) => runCommand('bash', ['-c', command], { cwd, env });
  await shell(SET_UP);
  return {
    shell,
    root: dir.path,
    [Symbol.asyncDispose]: async () => {
      await endSessionsBelow(join(repo, '_samocode/sessions'), await systemHost());
      await dir[Symbol.asyncDispose]();
    },
  };
}

const SET_UP = `git init -q -b main
git config --global user.name Reader
git config --global user.email reader@samocode.invalid
echo '{ "name": "my-repo", "private": true, "type": "module", "scripts": { "test": "node --test" } }' > package.json
echo 'export const greeting = "Hello";' > greeting.js
printf 'import assert from "node:assert/strict";\\nimport { test } from "node:test";\\nimport { greeting } from "./greeting.js";\\n\\ntest("it greets", () => assert.equal(greeting, "Hello"));\\n' > greeting.test.js
git add . && git commit -q -m Start
mkdir -p ~/.config/samocode && echo SAMOCODE_PROVIDER=rehearsal > ~/.config/samocode/.env`;

const COMMANDS = new Map(
  await Promise.all(
    (await pagePaths(ROOT)).map(
      async (path) => [path, commandsOf(await readFile(join(ROOT, path), 'utf8'))] as const,
    ),
  ),
);
const isElsewhere = (command: string) => NOT_RUN.some((row) => row.command.test(command));

const PAGES = [...COMMANDS]
  .map(([path, all]) => ({
    path,
    commands: all.filter(({ command, mark }) => mark === '' && !isElsewhere(command)),
  }))
  .filter(({ commands }) => commands.length > 0);

test.concurrent.for(PAGES)(
  'every command on $path works, and prints the output shown there',
  ci,
  async ({ commands }, { expect }) => {
    await using scene = await pageScene();
    const differing: string[] = [];
    for (const one of commands) {
      const run = await scene.shell(one.command);
      // The pages are about agents that do the task; here a script plays one.
      const stderr = run.stderr.replace(/^note: A rehearsal:.*\n/m, '');
      const problem = problemOf(one, { ...run, stderr });
      if (problem) differing.push(problem);
    }
    expect(differing).toEqual([]);
  },
);

function problemOf(
  { command, shows }: PageCommand,
  run: { exitCode: number | null; stdout: string; stderr: string },
): string | undefined {
  const printed = `${run.stdout}${run.stderr}`;
  if (run.exitCode !== 0) return `${command}: exit status ${run.exitCode}\n${printed}`;
  if (shows !== undefined && !isAsShown(printed, shows))
    return `${command} printed\n${printed}\ninstead of\n${shows}`;
  return undefined;
}

test('every command that is tried elsewhere is still on a page', () => {
  const all = [...COMMANDS.values()].flat().map(({ command }) => command);
  expect(NOT_RUN.filter((row) => !all.some((command) => row.command.test(command)))).toEqual([]);
  expect(PAGES.length).toBeGreaterThan(8);
});
