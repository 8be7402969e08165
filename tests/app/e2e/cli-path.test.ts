import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../support/ci.ts';
import { CLI_ANSWERS as SAYS } from '../../support/cli-samples.ts';
import { startRig } from '../../support/session-rig.ts';

test(
  'a session that is blocked because its CLI is missing works after the path was corrected and it was resumed',
  ci,
  async () => {
    await using rig = await startRig({
      start: { run: false, task: 'Give every boat a name' },
      lines: { PERMISSIONS: 'allow' },
    });
    const first = join(rig.repo.root, 'old', 'claude');
    const second = join(rig.repo.root, 'new', 'claude');
    await mkdir(join(rig.repo.root, 'old'));
    await mkdir(join(rig.repo.root, 'new'));
    // Its command line and its output are those of Claude Code.
    await writeFile(first, `#!/bin/sh\nexec '${process.execPath}' '${rig.program('rehearsal')}' "$@"\n`);
    await chmod(first, 0o755);
    const settings = join(rig.repo.homeDir, '.config', 'samocode', '.env');
    const choose = (path: string) => writeFile(settings, `CLAUDE_PATH=${path}\n`);
    await choose(first);
    await rig.until(({ status }) => status.kind === 'stopped');
    await rig.resume({ provider: 'claude' });
    await rig.untilWaiting('qa_answers');
    await rename(first, second);
    await rig.answer();
    await rig.until(({ status }) => status.kind === 'blocked');
    await choose(second);
    await rig.resume();
    await rig.untilWaiting('plan_approval');
  },
);

test('a CLI whose folder was replaced by an update is found again by its name before the next iteration', async () => {
  await using rig = await startRig({
    start: { run: false, task: 'Give every boat a name' },
    lines: { PERMISSIONS: 'allow' },
  });
  const [first, second, links] = ['1.0', '2.0', 'bin'].map((name) => join(rig.repo.root, name));
  const started = join(rig.repo.root, 'started');
  const continues = join(rig.repo.root, 'continues.json');
  const acts = [{ act: 'signal-file', text: '{"status":"continue"}' }, { act: 'result' }];
  await writeFile(continues, JSON.stringify({ rules: [{ when: {}, do: acts }] }));
  const agent = `exec '${process.execPath}' '${rig.program('rehearsal')}' "$@"\n`;
  // Like an update at the worst moment: while an agent of the old version works.
  const update = `ln -s '${second}/claude' '${links}/claude'; rm -r '${first}'\n`;
  for (const [dir, script] of [
    [first, `${SAYS}echo first >>'${started}'\n${update}export REHEARSAL_SCENARIO='${continues}'\n${agent}`],
    [second, `${SAYS}echo second >>'${started}'\n${agent}`],
    [links, undefined],
  ]) {
    await mkdir(`${dir}`);
    if (script) await writeFile(join(`${dir}`, 'claude'), `#!/bin/sh\n${script}`, { mode: 0o755 });
  }
  await rig.until(({ status }) => status.kind === 'stopped');
  const path = `${first}:${links}:${rig.context().env.PATH}`;
  await rig.resume({ provider: 'claude' }, { PATH: path });
  await rig.untilWaiting('qa_answers');
  expect((await readFile(started, 'utf8')).trim().split('\n')).toEqual(['first', 'second']);
});
