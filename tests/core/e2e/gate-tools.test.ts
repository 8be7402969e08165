import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemHost } from '../../../src/core/kernel/processes/host.ts';
import { ci } from '../../support/ci.ts';
import { startRig } from '../../support/session-rig.ts';

const WAYS = [
  '',
  'env -u SAMOCODE_SESSION',
  'setsid --wait env -u SAMOCODE_SESSION',
  'env -i HOME="$HOME" PATH="$PATH"',
];

test(
  'an agent that calls the samocode command line in any way opens, stops and starts nothing in another session',
  ci,
  async () => {
    await using other = await startRig({ at: 'asking' });
    const { n } = await other.state();
    const words = [
      `answer ${other.file.folder} --accept-suggestions`,
      `stop ${other.file.folder}`,
      `message ${other.file.folder} hello`,
      `resume ${other.file.folder}`,
      'start --task "a session of its own"',
    ];
    const cli = `"${process.execPath}" "${other.program('cli')}"`;
    const lines = WAYS.flatMap((way) =>
      words.map((call) => `${way} ${cli} ${call} --json >>"$SAID" 2>&1; echo >>"$SAID"`),
    );
    const script = ['cd "$OTHER" || exit 1', ...lines].join('\n');
    const output = join(other.repo.root, 'said.txt');
    const env = [`HOME=${other.repo.homeDir}`, `OTHER=${other.repo.path}`, `SAID=${output}`];
    const rules = [
      {
        when: { phase: 'investigation' },
        do: [{ act: 'run', command: ['env', ...env, 'sh', '-c', script] }, { act: 'normal' }],
      },
    ];
    await using rig = await startRig({ scenario: { rules } });
    await rig.untilWaiting('qa_answers');
    const answers = (await readFile(output, 'utf8')).trim().split('\n').filter(Boolean);
    const refused = answers.filter((line) => /inside_session|gate_closed/.test(line));
    expect(answers.length - refused.length, answers.join('\n')).toBe(0);
    expect(await other.state()).toMatchObject({ n, status: { kind: 'waiting', for: 'qa_answers' } });
  },
);

test('an agent that names a foreign process in its own record gets no process killed', async () => {
  const stranger = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  const entry = await (await systemHost()).processes.read(stranger.pid ?? 0);
  const wrapper = JSON.stringify({ pid: stranger.pid, startTicks: entry?.startTicks });
  const script = `
    const { existsSync, readFileSync, writeFileSync, readdirSync } = require('node:fs');
    const { basename } = require('node:path');
    const once = process.env.REHEARSAL_SESSION_DIR + '/once';
    if (existsSync(once)) process.exit(0);
    writeFileSync(once, '');
    const root = process.env.HOME + '/.local/state/samocode/';
    const folder = '/' + basename(process.env.REHEARSAL_SESSION_DIR);
    const dir = root + readdirSync(root).find((name) => existsSync(root + name + folder)) + folder;
    const lease = readdirSync(dir + '/leases').sort().at(-1);
    process.kill(JSON.parse(readFileSync(dir + '/leases/' + lease, 'utf8')).owner.pid, 'SIGKILL');
    const path = dir + '/iterations/001/child.json';
    const record = JSON.parse(readFileSync(path, 'utf8'));
    Object.assign(record.wrapper, ${wrapper});
    writeFileSync(path, JSON.stringify(record));
    setTimeout(() => undefined, 1500);`;
  const rules = [
    {
      when: { phase: 'investigation', count: 1 },
      do: [{ act: 'run', command: [process.execPath, '-e', script] }, { act: 'normal' }],
    },
  ];
  await using rig = await startRig({ scenario: { rules } });
  await rig.untilWaiting('qa_answers');
  expect(stranger.exitCode, 'the foreign process still runs').toBeNull();
  expect(stranger.signalCode).toBeNull();
  expect((await rig.events()).filter(({ type }) => type === 'worker_took_over')).toHaveLength(2);
  stranger.kill('SIGKILL');
});
