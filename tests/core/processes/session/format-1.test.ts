// @module-tag ci
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDocument } from '../../../../src/core/acts/reading/read-document.act.ts';
import { stopSession } from '../../../../src/core/acts/sessions/stop-session.act.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { acquireLease } from '../../../../src/core/kernel/processes/lease.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import { needsHuman } from '../../../../src/core/session/folder/session-list.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readEvents, readLog } from '../../../../src/core/session/log/event-log.ts';
import { makeProof } from '../../../../src/core/session/proof/make-proof.ts';
import { waitsFor } from '../../../../src/core/session/waits/next-wake.ts';
import { statusSentence } from '../../../../src/core/session/words/words.ts';
import { finishSession } from '../../../support/as-shown.ts';
import { makeProject } from '../../../support/project.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { CREATED, PREPARED, writeEvents } from '../../unit/session/events.ts';

/** A session that carried out a plan and was then merged, as a build of format 1 recorded it. */
const RECORDED = await readFile('tests/fixtures/format-1/events.jsonl', 'utf8');

test('a session of format 1 has its choices, its plan, its proof and its merge, and continues in the present format', async () => {
  await using log = await tempLog();
  await log.overwrite(RECORDED);
  const reading = await readLog(log.paths);
  expect(reading).toMatchObject({ problems: [], state: { n: 26, status: { kind: 'done' } } });
  expect(reading?.otherBuild).toBeUndefined();
  const { file, progress, lastMerge } = reading?.state ?? expect.fail();
  expect(file).toMatchObject({ way: 'plan', givenPlan: { name: 'plan.md' }, settings: { sandbox: 'off' } });
  expect([progress.way, lastMerge?.outcome]).toEqual(['plan', 'ready']);
  const events = await readEvents(log.paths, 0);
  expect(events.find(({ type }) => type === 'finish_asked')).toMatchObject({ work: { kind: 'merge' } });
  expect(events.find(({ type }) => type === 'session_created')).toMatchObject({
    given: { plan: expect.stringContaining('Write docs/rehearsal/a.md') },
  });
  expect(makeProof(events)?.given).toMatchObject({
    name: 'plan.md',
    sha256: file?.givenPlan?.hash,
    boxes: { done: 1, total: 1 },
  });
  const { writer } = await log.open();
  const [left] = await writer.append({ type: 'worker_left', why: 'waiting' });
  expect(left).toMatchObject({ v: 2, n: 27 });
  expect((await readLog(log.paths))?.state.n).toBe(27);
});

const BOATS = { text: expect.stringContaining('# Boats') };

test('a message that waits has the first line that was in its flow text', async () => {
  await using log = await tempLog();
  await log.overwrite(RECORDED);
  const flow = `Message from the human: Mind the boats${'.'.repeat(300)}`;
  const kept = { type: 'message_kept', by: { channel: 'cli' }, id: 'M', file: 'f', flow };
  const line = { v: 1, n: 27, at: '2026-11-28T17:00:00.000Z', lease: 3, ...kept };
  await appendFile(log.paths.events, `${JSON.stringify(line)}\n`);
  const { messages } = (await readLog(log.paths))?.state ?? expect.fail();
  expect(messages.waiting).toMatchObject([
    { id: 'M', line: expect.stringMatching(/^Mind the boats\.{185}…$/) },
  ]);
});

test.each([
  ['of a kind that no build writes any more', { type: 'pull_request_seen', number: 17 }],
  ['without what such an event now has', { type: 'finish_ended', kind: 'archive' }],
])(
  'a session with an event of format 1 %s is listed, read and archived, and nothing continues it',
  async (_, event) => {
    const { context, sessionsDir, repo } = await makeProject();
    await using _disposed = repo;
    const paths = sessionPaths(sessionsDir, '26-01-08-x');
    await writeEvents(paths, [CREATED, PREPARED]);
    const line = { v: 1, n: 3, at: '2026-01-08T10:00:00.000Z', lease: 1, by: { channel: 'cli' }, ...event };
    await appendFile(paths.events, `${JSON.stringify(line)}\n`);
    await mkdir(paths.sessionDir, { recursive: true });
    await mkdir(paths.leases);
    await writeFile(paths.overview, '# Boats\n');
    const log = await readFile(paths.events);

    const view = (await readSession(paths, context.host)) ?? expect.fail();
    expect(statusSentence(view)).toContain('a samocode from before the first release began it');
    expect([view.needsWorker, needsHuman(view), waitsFor(view, 'x')]).toEqual([
      false,
      false,
      { for: 'nothing' },
    ]);
    await expect(stopSession({ session: 'x', when: 'now' }, context)).rejects.toMatchObject({
      code: 'older_format',
    });
    expect(await readDocument({ session: 'x', name: '_overview.md' }, context)).toMatchObject(BOATS);

    const archive = { session: 'x', how: 'keep_branch', keep: [] } as const;
    {
      // Its worker, of that build, may still live.
      await using _lease = await acquireLease(paths.leases, { clock: systemClock, host: context.host });
      await expect(finishSession(archive, context)).rejects.toMatchObject({ code: 'older_format' });
    }
    const { view: moved, place } = await finishSession(archive, context);
    expect(place).toBe(join(sessionsDir, '_archive', '26-01-08-x'));
    expect(moved.folder).toBe('26-01-08-x');
    expect(await readdir(place)).toContain('_overview.md');
    expect((await readSession(paths, await systemHost()))?.state.archived).toBe(true);
    expect(await readDocument({ session: 'x', name: '_overview.md' }, context)).toMatchObject(BOATS);
    await finishSession({ session: 'x', how: 'unarchive', keep: [] }, context);
    expect((await readSession(paths, context.host))?.state.archived).toBe(false);
    expect(await readFile(paths.events)).toEqual(log);
  },
);
