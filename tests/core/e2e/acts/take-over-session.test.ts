import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { takeOverSession } from '../../../../src/core/acts/sessions/take-over-session.act.ts';
import type { ProcessIdentity } from '../../../../src/core/kernel/processes/host.ts';
import type { SessionState } from '../../../../src/core/session/events/state.ts';
import { slotsRoot } from '../../../../src/core/session/folder/slots.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { answerQa } from '../../../support/as-shown.ts';
import { ci } from '../../../support/ci.ts';
import { eventsOfType } from '../../../support/events-of.ts';
import { eventually } from '../../../support/eventually.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { continueHere, workHere } from '../../../support/worker-in-this-process.ts';
import { changeSettings } from '../../faults/with-settings.ts';

/** Gives the newest lease another owner, as if its file had arrived over the network. */
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

/** The current owner has started, and only that start shows who owns the session. */
const HANG = { rules: [{ when: {}, do: [{ act: 'hang' }] }] };

test.concurrent('the slot of a worker held elsewhere is released with its session', ci, async () => {
  await using rig = await startRig({ at: 'asking', scenario: HANG, lines: { MAX_PARALLEL: '1' } });
  await giveLeaseTo(rig, { pidNamespace: 'pid:[1]' });
  const place = join(slotsRoot(rig.paths.sessionsDir), '1');
  const newest = (await readdir(rig.paths.leases)).sort().at(-1) ?? '';
  const held = JSON.parse(await readFile(join(rig.paths.leases, newest), 'utf8'));
  await mkdir(place, { recursive: true });
  const under = { leases: relative(place, rig.paths.leases), number: held.number };
  await writeFile(join(place, '000099.json'), JSON.stringify({ ...held, number: 99, under }));
  await takeOverSession({ session: rig.file.folder }, rig.context());
  await rig.answer();
  await rig.until(({ openIteration }) => openIteration !== undefined);
});

test.concurrent.each(ELSEWHERE)(
  'a session held by %s is taken over only by the explicit act',
  async (_name, owner) => {
    await using rig = await startRig({ at: 'asking', scenario: HANG });
    await giveLeaseTo(rig, owner);
    const question = { session: rig.file.folder };
    const { lease } = await rig.state();
    expect(await rig.view()).toMatchObject({ worker: 'unknowable', needsWorker: false });

    await continueHere(rig);
    const answering = answerQa({ ...question, answers: [], acceptSuggestions: true }, rig.context());
    await expect(answering).rejects.toMatchObject({ code: 'pending', args: { owner } });
    expect((await rig.state()).lease).toBe(lease);

    expect(await takeOverSession(question, rig.context())).toMatchObject({
      outcome: 'taken',
      from: { hostId: owner.hostId ?? rig.context().host.hostId },
    });
    // The answer that was queued before is taken now.
    const works = ({ openIteration }: SessionState) => openIteration !== undefined;
    await rig.until(works, { withinMs: 480_000, leaveDead: true });
  },
);

test.concurrent('a session whose worker runs here cannot be taken over; the agent of a machine that is gone no longer counts', async () => {
  await using rig = await startRig({ at: 'asking', scenario: HANG });
  await changeSettings(rig, { retryDelayMs: 50 });
  await rig.answer();
  const { openIteration } = await rig.until((state) => state.openIteration !== undefined);
  const iteration = openIteration?.iteration ?? 0;
  await eventually(async () => (await rig.processesWithMark()).length >= 2, { what: 'the agent' });
  const taking = takeOverSession({ session: rig.file.folder }, rig.context());
  await expect(taking).rejects.toMatchObject({ code: 'worker_lives' });

  const gone = { hostId: 'another-machine', bootId: 'another-boot' };
  await giveLeaseTo(rig, gone);
  const { child: childPath } = iterationPaths(rig.paths, iteration);
  const child = JSON.parse(await readFile(childPath, 'utf8'));
  await writeFile(childPath, JSON.stringify({ ...child, wrapper: { ...child.wrapper, ...gone } }));
  const before = (await rig.state()).n;
  await takeOverSession({ session: rig.file.folder }, rig.context());
  await rig.until((state) => (state.openIteration?.iteration ?? 0) > iteration);
  expect(await eventsOfType(rig, 'iteration_ended', before)).toMatchObject([{ ending: 'crashed' }]);
});

test.concurrent('a session of an earlier boot of this machine needs no takeover', async () => {
  await using rig = await startRig({ at: 'asking', scenario: HANG, here: true });
  await giveLeaseTo(rig, { bootId: 'an-earlier-boot' });
  expect(await rig.view()).toMatchObject({ worker: 'none' });
  expect(await takeOverSession({ session: rig.file.folder }, rig.context())).toMatchObject({
    outcome: 'not_needed',
  });
  await rig.answer();
});

test.concurrent('a session written by a newer samocode is not touched', async () => {
  await using rig = await startRig({ at: 'asking' });
  await workHere(rig, { kind: 'stop', when: 'now' });
  expect((await rig.state()).status.kind).toBe('stopped');
  await giveLeaseTo(rig, {});
  const text = await readFile(rig.paths.events, 'utf8');
  const last = JSON.parse(text.trimEnd().split('\n').at(-1) ?? '');
  await writeFile(rig.paths.events, `${text}${JSON.stringify({ ...last, v: 9, n: last.n + 1 })}\n`);
  const question = { session: rig.file.folder };
  await expect(takeOverSession(question, rig.context())).rejects.toMatchObject({ code: 'newer_format' });
  await expect(resumeSession(question, rig.context())).rejects.toMatchObject({ code: 'newer_format' });
});
