import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { eventually } from '../../../support/eventually.ts';
import { poolMachines } from '../../../support/machines/pool-machines.ts';
import { startWork, takeOver, untilDone, violationsOf } from '../../../support/machines/takeover.ts';

/** Seconds, where a pool has minutes. */
const TIMES = { leaseMs: 10_000, renewMs: 2000, graceMs: 500, scanMs: 500 };

test('a machine of which every process is killed at once loses its session to another, which finishes and verifies it', async () => {
  await using pool = await poolMachines({ times: TIMES });
  const { violations, commits } = await takeOver(pool, 'killed', 'hull');
  expect(violations).toEqual([]);
  expect(commits.published).toBeGreaterThan(0);
});

test('a takeover survives that the database fails over to its standby', async () => {
  await using pool = await poolMachines({ times: TIMES });
  expect((await takeOver(pool, 'promoted', 'hull')).violations).toEqual([]);
});

test('machines share their sessions over ssh', async () => {
  await using pool = await poolMachines({ times: TIMES, over: 'ssh' });
  const [{ home }] = pool.machines;
  expect(await readFile(join(home, '.config/samocode/pool.json'), 'utf8')).toContain('"ssh://root@');
  expect((await takeOver(pool, 'cut', 'hull')).violations).toEqual([]);
});

/** Of Debian's package `faketime`: namespaces have no clock that tells the time of day. */
const FAKETIME = 'faketime/libfaketime.so.1';

test('a clock that is five minutes ahead changes neither lease nor order', async () => {
  const library = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/${FAKETIME}`;
  await access(library);
  const etc = { bert: { 'ld.so.preload': `${library}\n`, faketimerc: '+5m\n' } };
  await using pool = await poolMachines({ times: TIMES, etc });
  const [anna, bert] = pool.machines;
  const now = async ({ box }: typeof anna) => Number(await box.exec(['date', '+%s']));
  expect((await now(bert)) - (await now(anna))).toBeGreaterThan(290);
  for (const failure of ['killed', 'cut'] as const)
    expect((await takeOver(pool, failure, `hull-${failure}`)).violations).toEqual([]);
});

test('a machine that starts again with its disk continues its session', async () => {
  await using pool = await poolMachines({ times: TIMES, names: ['anna'] });
  const work = await startWork(pool, 'hull');
  await work.first.die();
  await work.first.boot();
  expect(await violationsOf(work, [])).toEqual([]);
  expect((await untilDone(work.first, 'hull')).state.workedOn).toEqual(['anna']);
});

test('work is kept when the disk is full, and continues once there is space again', async () => {
  await using pool = await poolMachines({ times: TIMES, names: ['anna'], disks: { anna: 100 } });
  const work = await startWork(pool, 'hull');
  const { box, samocode } = work.first;
  await box.exec(['sh', '-c', 'cat /dev/zero >/srv/filler || true']);
  const isTold = async () => /The disk with\s+\S+\s+is full/.test(await samocode('status', 'hull'));
  await eventually(isTold, { what: 'a worker that could not write' });
  await box.exec(['rm', '/srv/filler']);
  expect(await violationsOf(work, [])).toEqual([]);
});

test('a member can stop and resume a session of another machine, and have it neither run nor merge anything', async () => {
  await using pool = await poolMachines({ times: TIMES });
  const { id: session, first, second } = await startWork(pool, 'hull');
  const eventsThere = async () => {
    const view = (await first.views()).find(({ folder }) => folder.endsWith('-hull'));
    return view === undefined ? [] : await readEvents(view.paths, 0);
  };
  const recorded = (type: string) =>
    eventually(async () => (await eventsThere()).find((event) => event.type === type), { what: type });
  await second.samocode('stop', 'hull', '--now');
  expect(await recorded('stopped')).toMatchObject({ by: { person: second.name } });
  const git = ['git', '-C', '/srv/boat'];
  const main = await first.box.exec([...git, 'rev-parse', 'main']);
  const rows: [fields: object, code: string][] = [
    [{ kind: 'resume', agent: { provider: 'rehearsal', model: '', cliPath: '/srv/evil' } }, 'act_fields'],
    [{ kind: 'resume', checks: ['touch /srv/ran'] }, 'act_fields'],
    [{ kind: 'merge' }, 'act_only_there'],
  ];
  const sent = rows.map(([fields, code]) => ({ id: ulid(), code, fields }));
  const own = 'select instance from samocode_pool.machines where login = $1';
  const [{ instance } = { instance: '' }] = await pool.database.query<{ instance: string }>(own, [
    second.name,
  ]);
  for (const { id, fields } of sent) {
    const head = { v: 1, id, by: { channel: 'cli' }, at: '2026-01-08T10:00:00.000Z' };
    const act = `'${instance}', '${id}', '${session}', '${JSON.stringify({ ...head, ...fields })}'`;
    // Whatever its samocode would send.
    const as = `set session authorization "${second.name}"`;
    await pool.database.query(`${as}; select samocode_pool.act(${act})`);
  }
  const refusals = async () =>
    (await eventsThere()).flatMap((event) =>
      event.type === 'command_refused' ? [{ id: event.id, code: event.code }] : [],
    );
  await eventually(async () => (await refusals()).length >= rows.length, { what: 'the refusals' });
  expect(await refusals()).toEqual(expect.arrayContaining(sent.map(({ id, code }) => ({ id, code }))));
  expect(await first.box.exec([...git, 'rev-parse', 'main'])).toBe(main);
  await expect(access(join(first.home, 'ran'))).rejects.toThrow('ENOENT');
  await second.samocode('resume', 'hull', '--provider', 'rehearsal');
  await untilDone(second, 'hull');
  expect((await untilDone(first, 'hull')).state.workedOn).toEqual([first.name]);
});
