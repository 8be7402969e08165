import { symlink } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { ciIf } from '../../support/ci.ts';
import { installCli } from '../../support/install-clis.ts';
import { DONE, shell } from '../../support/scenario-rules.ts';
import { startRig } from '../../support/session-rig.ts';
import { writeBelow } from '../../support/temp-dir.ts';
import type { TempRepo } from '../../support/temp-repo.ts';

// Real package managers in a home that has been used: SETUP in worktree and clone, an agent that installs, the check.

interface Row {
  name: 'npm' | 'pnpm';
  /** What makes the lock file, and fills the person's cache. */
  first: string;
  frozen: string;
  ci?: true;
  /** As its installer sets them. */
  env?(repo: TempRepo): Record<string, string>;
}

const PNPM = {
  name: 'pnpm',
  first: 'pnpm install --offline',
  frozen: 'pnpm install --offline --frozen-lockfile',
} as const;

const ROWS: readonly Row[] = [
  { ...PNPM, ci: true },
  { ...PNPM, env: ({ homeDir }) => ({ PNPM_HOME: join(homeDir, '.local/share/pnpm') }) },
  { ...PNPM, env: ({ root }) => ({ PNPM_HOME: join(root, 'pnpm') }) },
  { name: 'npm', ci: true, first: 'npm install --offline', frozen: 'npm ci --offline --no-audit --no-fund' },
];

const FILES = {
  '.gitignore': 'node_modules/\n',
  'package.json': '{ "name": "boat", "private": true, "dependencies": { "lib": "file:lib-1.0.0.tgz" } }\n',
};
const LIB = {
  'lib/package.json': '{ "name": "lib", "version": "1.0.0", "main": "index.js" }\n',
  'lib/index.js': "module.exports = 'afloat';\n",
};

for (const [at, { name, first, frozen, ci, env = () => ({}) }] of ROWS.entries())
  test.concurrent(
    `the real ${name} (${at + 1}) installs in a worktree for an agent, and in the clone of a proof`,
    ciIf(ci),
    async () => {
      const program = name === 'npm' ? undefined : (await installCli(name)).path;
      const environment = ({ root, env: own, ...repo }: TempRepo) => ({
        ...env({ root, env: own, ...repo }),
        PATH: [join(root, 'tools'), own.PATH].join(delimiter),
      });
      const used = async (repo: TempRepo) => {
        await writeBelow(repo.root, LIB);
        await writeBelow(repo.root, { 'tools/.keep': '' });
        if (program !== undefined) await symlink(program, join(repo.root, 'tools', name));
        const command = `cd "$OUTSIDE/lib" && npm pack --silent && mv lib-1.0.0.tgz "${repo.path}" && cd "${repo.path}" && ${first}`;
        const { exitCode, stderr } = await runCommand('/bin/sh', ['-c', command], {
          env: { ...repo.env, ...environment(repo) },
        });
        expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
        await repo.commit('Packages');
      };
      const installs = shell(
        `rm -r node_modules && ${frozen} && test ! -e .pnpm-store && node -p 'require("lib")'`,
      );
      const work = [installs, { act: 'edit', path: 'work.txt', text: 'work\n' }];
      const done = [...work, { act: 'commit', subject: 'Work' }, DONE];
      await using rig = await startRig({
        ...{ here: true, sandbox: 'guard', phase: 'done' },
        repo: { files: FILES, rearrange: used },
        lines: {
          SETUP: frozen,
          CHECK: `node -p 'require("lib")'`,
          ...(program && { SANDBOX_READ: dirname(dirname(program)) }),
        },
        firstEnv: environment,
        scenario: { rules: [{ when: { phase: 'done' }, do: done }] },
      });
      const { proved, lastIteration } = await rig.until(({ status }) => status.kind === 'done');
      expect(lastIteration?.iteration).toBe(1);
      expect(proved).toBeDefined();
    },
  );
