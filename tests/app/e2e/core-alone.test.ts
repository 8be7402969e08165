import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CommandResult, runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { ciIf } from '../../support/ci.ts';
import { makeProject } from '../../support/project.ts';
import { endProcessesOf } from '../../support/supervisors.ts';
import { tempDir } from '../../support/temp-dir.ts';

// A build without extensions, and one without each of them, does what core is for: its agent CLI is called claude.

const ROOT = join(import.meta.dirname, '../../..');
const EXTENSIONS = (await readdir(join(ROOT, 'src/extensions'))).sort();

/** What a build without extensions refuses, and in which words. */
const NEEDS_EXTENSION: readonly [args: string[], what: string][] = [
  [['finish', 'boat', '--pull-request', '--yes'], 'pull requests'],
  [['verify', '--pull-request', '1'], 'the proof of pull requests'],
  [['start', '--issue', '1'], 'issues'],
  [['start', '--task', 'Sail', '--pool'], 'pools of machines'],
];

/** A `claude` that plays the scripted agent of a whole build. */
async function claudeIn(folder: string): Promise<string> {
  const { rehearsal } = await builtPrograms();
  await mkdir(folder, { recursive: true });
  const agent = `#!/bin/sh\nSAMOCODE_REHEARSAL_PACE_MS=0 exec '${process.execPath}' '${rehearsal}' "$@"\n`;
  await writeFile(join(folder, 'claude'), agent, { mode: 0o755 });
  return folder;
}

for (const name of ['all', ...EXTENSIONS])
  test(
    `without ${name === 'all' ? 'any extension' : name}, a session is started, asks, is approved, proves its work and is merged`,
    ciIf(name === 'all'),
    async () => {
      await using dir = await tempDir();
      const dist = join(dir.path, 'dist');
      const build = ['scripts/build.mjs', '--outdir', dist, '--version', '0.0.0-test', '--without', name];
      expect(await runCommand(process.execPath, build, { cwd: ROOT })).toMatchObject({ exitCode: 0 });
      const bin = await claudeIn(join(dir.path, 'bin'));
      const { repo } = await makeProject({ lines: { PROVIDER: 'claude', CHECK: 'git log -1' } });
      await using _repo = repo;
      const env = { ...repo.env, IS_SANDBOX: '1', PATH: `${bin}:${repo.env.PATH}` };
      const samocode = async (...args: string[]): Promise<CommandResult> =>
        await runCommand(process.execPath, [join(dist, 'samocode.js'), ...args], { cwd: repo.path, env });
      try {
        const asks = await samocode('run', '--name', 'boat', '--task', 'Fold a paper boat');
        expect(asks, asks.stderr).toMatchObject({ exitCode: 4 });
        const answered = await samocode('answer', 'boat', '--accept-suggestions');
        expect(answered, answered.stderr).toMatchObject({ exitCode: 0 });
        const plan = await samocode('run', 'boat');
        expect(plan, plan.stderr).toMatchObject({ exitCode: 4 });
        const { hash } = JSON.parse((await samocode('plan', 'boat', '--json')).stdout) as { hash: string };
        expect(await samocode('approve', 'boat', '--hash', hash, '--yes')).toMatchObject({ exitCode: 0 });
        const done = await samocode('run', 'boat');
        expect(done, done.stderr).toMatchObject({ exitCode: 0 });
        const proved = JSON.parse((await samocode('verify', 'boat', '--json')).stdout) as object;
        expect(proved).toMatchObject({ verified: true });
        if (name === 'all')
          for (const [args, what] of NEEDS_EXTENSION)
            expect((await samocode(...args)).stderr).toContain(`made without the extension for ${what}.`);
        const merged = await samocode('finish', 'boat', '--merge', '--yes');
        expect(merged, merged.stderr).toMatchObject({ exitCode: 0 });
        expect(await repo.git(['rev-parse', 'main'])).toBe(await repo.git(['rev-parse', 'samocode/boat']));
      } finally {
        await endProcessesOf(repo.homeDir);
      }
    },
  );
