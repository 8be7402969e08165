import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resumeSession } from '../../../src/actions/sessions/resume-session.ts';
import { takeOverSession } from '../../../src/actions/sessions/take-over-session.ts';
import type { ProcessIdentity } from '../../../src/base/processes/host.ts';
import { askingRig } from '../../support/asking-rig.ts';
import { eventually } from '../../support/eventually.ts';
import { HANGS, type SessionRig, startRig } from '../../support/session-rig.ts';

/** Makes the newest lease one that another owner holds, as if its file had come over the network. */
async function giveLeaseTo(rig: SessionRig, owner: Partial<ProcessIdentity>): Promise<void> {
  await rig.killWorker();
  const names = (await readdir(rig.paths.leases)).filter((name) => name.endsWith('.json')).sort();
  const path = join(rig.paths.leases, names.at(-1) ?? '');
  const lease = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(
    path,
    JSON.stringify({ ...lease, releasedAt: undefined, owner: { ...lease.owner, ...owner } }),
  );
}

const ELSEWHERE: [string, Partial<ProcessIdentity>][] = [
  ['another machine', { hostId: 'another-machine', bootId: 'another-boot' }],
  ['another container', { pidNamespace: 'pid:[1]' }],
];

test.concurrent('the place of MAX_PARALLEL that a worker held elsewhere is given up with its session', async () => {
  await using rig = await startRig({ lines: { MAX_PARALLEL: '1' } });
  await rig.untilWaiting('qa_answers');
  await giveLeaseTo(rig, { pidNamespace: 'pid:[1]' });
  const place = join(rig.paths.sessionsDir, '.run/.slots/1');
  const newest = (await readdir(rig.paths.leases)).sort().at(-1) ?? '';
  const held = JSON.parse(await readFile(join(rig.paths.leases, newest), 'utf8'));
  await writeFile(join(place, '000099.json'), JSON.stringify({ ...held, number: 99 }));
  await takeOverSession({ session: rig.file.folder }, rig.context());
  await rig.answer();
  await rig.untilWaiting('plan_approval', { withinMs: 60_000 });
});

test.concurrent.each(ELSEWHERE)(
  'a session held by %s is taken by the explicit act alone',
  async (_name, owner) => {
    await using rig = await askingRig();
    await rig.untilWaiting('qa_answers');
    await giveLeaseTo(rig, owner);
    const { lease } = await rig.state();
    expect(await rig.view()).toMatchObject({ worker: 'unknowable', needsWorker: false });

    await rig.launch();
    await expect(rig.answer()).rejects.toMatchObject({ code: 'worker_elsewhere' });
    expect((await rig.state()).lease).toBe(lease);

    const question = { session: rig.file.folder };
    expect(await takeOverSession(question, rig.context())).toMatchObject({
      outcome: 'taken',
      from: { hostId: owner.hostId ?? rig.context().host.hostId },
    });
    // The answer that was left before is taken now.
    await rig.untilWaiting('plan_approval', { withinMs: 60_000, leaveDead: true });
  },
);

test.concurrent('a session whose worker lives here is not taken from it', async () => {
  await using rig = await startRig({ scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const taking = takeOverSession({ session: rig.file.folder }, rig.context());
  await expect(taking).rejects.toMatchObject({ code: 'worker_lives' });
});

test.concurrent('a child of the machine that is gone is no child any more', async () => {
  await using rig = await startRig({ scenario: HANGS });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  await eventually(async () => (await rig.processesWithMark()).length >= 2, { what: 'the agent' });
  const gone = { hostId: 'another-machine', bootId: 'another-boot' };
  await giveLeaseTo(rig, gone);
  const childPath = join(rig.paths.iterations, '001', 'child.json');
  const child = JSON.parse(await readFile(childPath, 'utf8'));
  await writeFile(childPath, JSON.stringify({ ...child, wrapper: { ...child.wrapper, ...gone } }));
  await takeOverSession({ session: rig.file.folder }, rig.context());
  await rig.untilWaiting('qa_answers', { withinMs: 60_000 });
  const endings = (await rig.events()).flatMap((event) =>
    event.type === 'iteration_ended' ? [event.ending] : [],
  );
  expect(endings[0]).toBe('crashed');
});

test.concurrent('a session of an earlier boot of this machine needs no act', async () => {
  await using rig = await askingRig();
  await rig.untilWaiting('qa_answers');
  await giveLeaseTo(rig, { bootId: 'an-earlier-boot' });
  expect(await rig.view()).toMatchObject({ worker: 'none' });
  expect(await takeOverSession({ session: rig.file.folder }, rig.context())).toMatchObject({
    outcome: 'not_needed',
  });
  await rig.answer();
});

test.concurrent('a session that a newer samocode has written is left to it', async () => {
  await using rig = await askingRig();
  await rig.untilWaiting('qa_answers');
  await rig.stop();
  await rig.until(({ status }) => status.kind === 'stopped');
  await giveLeaseTo(rig, {});
  const text = await readFile(rig.paths.events, 'utf8');
  const last = JSON.parse(text.trimEnd().split('\n').at(-1) ?? '');
  await writeFile(rig.paths.events, `${text}${JSON.stringify({ ...last, v: 9, n: last.n + 1 })}\n`);
  const question = { session: rig.file.folder };
  await expect(takeOverSession(question, rig.context())).rejects.toMatchObject({ code: 'newer_format' });
  await expect(resumeSession(question, rig.context())).rejects.toMatchObject({ code: 'newer_version' });
});
