// @module-tag ci
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { Awake, type AwakeOptions } from '../../../../src/extensions/awake/awake.ts';
import { awakeChecks } from '../../../../src/extensions/awake/awake-checks.ts';
import { eventually } from '../../../support/eventually.ts';
import { makeProject } from '../../../support/project.ts';
import { quickClock } from '../../../support/quick-clock.ts';
import { startSession } from '../../../support/start-session.ts';
import { tempDir, writeBelow } from '../../../support/temp-dir.ts';
import { standIn } from '../stand-in.ts';

const HELD = 'Idle sleep is held off; a closed lid or a suspend is not.';

async function wanted(options: Pick<AwakeOptions, 'env' | 'home'> & Partial<AwakeOptions>) {
  const awake = new Awake({ clock: systemClock, ...options });
  await awake.want(true);
  await eventually(() => Promise.resolve(!awake.isAsked), { what: 'an answer' });
  return { awake, text: awake.sleep?.text, [Symbol.dispose]: () => awake.release() };
}

test.each(['systemd-inhibit', 'caffeinate'])('%s holds off idle sleep from wish to release', async (name) => {
  await using dir = await tempDir();
  const program = await standIn(dir.path, name);
  // Nothing else is found.
  const env = { ...program.env, PATH: `${join(dir.path, `bin with ${name}`)}:${dir.path}` };
  await writeBelow(dir.path, {});
  for (const tool of ['sh', 'cat', 'sleep'])
    await runCommand('ln', ['-s', `/bin/${tool}`, join(dir.path, tool)]);
  using held = await wanted({ env, home: dir.path });
  expect(held.text).toBe(HELD);
  await held.awake.want(true);
  expect(await program.calls()).toHaveLength(1);
  expect((await program.calls())[0]).toMatch(
    name === 'caffeinate' ? /^\d+ -i sh / : /^\d+ --what=idle --mode=block .* sh /,
  );
  expect(await program.lives()).toBe(true);
  await held.awake.want(false);
  await program.ended();
  expect(held.awake.sleep).toBeUndefined();
  // The next wish starts another one.
  await held.awake.want(true);
  await eventually(async () => (await program.calls()).length === 2, { what: 'a second one' });
});

test('what is refused, hangs or is missing says so, and is not tried again', async () => {
  await using dir = await tempDir();
  const says = (why: string) =>
    `Idle sleep is not held off (${why}): a machine that sleeps pauses the session.`;
  const refuses = await standIn(join(dir.path, '1'), 'systemd-inhibit', 'refuses');
  using refused = await wanted({ ...refuses, home: dir.path, clock: quickClock(1000) });
  expect(refused.text).toBe(says('systemd-inhibit: Failed to inhibit: Access denied'));
  await refused.awake.want(true);
  expect(await refuses.calls()).toHaveLength(1);
  const hangs = await standIn(join(dir.path, '2'), 'systemd-inhibit', 'hangs');
  using hung = await wanted({ ...hangs, home: dir.path, clock: quickClock(50, { pauses: 'short' }) });
  expect(hung.text).toBe(says('systemd-inhibit: no answer in 10 s'));
  await hangs.ended();
  using none = await wanted({ env: { KEEP_AWAKE: 'yes', PATH: dir.path }, home: dir.path });
  expect(none.text).toBe(says('neither systemd-inhibit nor caffeinate is on PATH'));
});

test('on its battery the machine may sleep, unless KEEP_AWAKE is yes; with no nothing is started', async () => {
  await using dir = await tempDir();
  await writeBelow(dir.path, { 'supplies/BAT0/status': 'Discharging' });
  const supplies = join(dir.path, 'supplies');
  const program = await standIn(dir.path, 'systemd-inhibit');
  const set = (value?: string) => ({ env: { ...program.env, KEEP_AWAKE: value }, home: dir.path, supplies });
  using battery = await wanted(set());
  expect(battery.text).toContain('(the machine runs on its battery, where only KEEP_AWAKE=yes does that)');
  const no = new Awake({ ...set('no'), clock: systemClock });
  await no.want(true);
  expect([no.sleep, no.isAsked, await program.calls()]).toEqual([undefined, false, []]);
  using yes = await wanted(set('yes'));
  expect(yes.text).toBe(HELD);
});

test('the real systemd-inhibit holds where logind answers, and what it says elsewhere is quoted', async () => {
  await using dir = await tempDir();
  const listing = () => runCommand('systemd-inhibit', ['--list', '--no-pager']);
  const { exitCode, stderr } = await listing();
  using real = await wanted({ env: { ...process.env, KEEP_AWAKE: 'yes' }, home: dir.path });
  if (exitCode === 0) {
    expect(real.text).toBe(HELD);
    expect((await listing()).stdout).toMatch(/samocode .* idle/);
  } else expect(real.text).toContain(stderr.trim().split(': ').at(-1) ?? 'is on PATH');
});

test('doctor tries it, and a value that is neither yes nor no stops a start', async () => {
  const { context, repo } = await makeProject();
  await using _ = repo;
  const program = await standIn(repo.root, 'systemd-inhibit', 'refuses');
  const checks = (env: object) => awakeChecks({ ...context, env: { ...context.env, ...env } });
  expect(await checks(program.env)).toMatchObject([{ id: 'awake', level: 'warn' }]);
  const holds = await standIn(join(repo.root, 'other'), 'systemd-inhibit');
  expect(await checks(holds.env)).toMatchObject([{ level: 'ok', found: HELD }]);
  await holds.ended();
  expect(await checks({ KEEP_AWAKE: 'no' })).toMatchObject([
    { level: 'ok', found: 'KEEP_AWAKE=no: idle sleep is not held off' },
  ]);
  const wrong = { ...context, env: { ...context.env, KEEP_AWAKE: 'maybe' } };
  await expect(startSession({ task: 'Name the boats' }, wrong)).rejects.toThrow(
    /KEEP_AWAKE.* one of yes, no/s,
  );
});
