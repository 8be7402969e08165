import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const KIT = join(import.meta.dirname, '../../../core/difficult-children');

test(
  "on the kit's stage an agent plays its scenario, and the next one gets the prompt of its phase",
  ci,
  async () => {
    await using dir = await tempDir();
    const stage = async (...args: string[]) =>
      (await runCommand(join(KIT, 'stage.sh'), [dir.path, ...args])).stdout.trim();
    const { rehearsal } = await builtPrograms();
    const play = async (scenario: string, prompt: string) =>
      await runCommand(process.execPath, [rehearsal, '-p'], {
        cwd: join(dir.path, 'work'),
        env: { ...process.env, REHEARSAL_SCENARIO: join(KIT, `${scenario}.json`) } as Record<string, string>,
        input: await readFile(prompt, 'utf8'),
      });
    const signal = () => readFile(join(dir.path, 'session/_signal.json'), 'utf8');
    expect(await play('forgetter', await stage())).toMatchObject({ exitCode: 0 });
    expect(await signal()).toBe('{}\n');
    expect(await play('liar', await stage('requirements', '2'))).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(await signal())).toEqual({ status: 'continue', phase: 'implementation' });
  },
);
