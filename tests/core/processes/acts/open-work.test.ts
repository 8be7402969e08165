import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finishUnasked } from '../../../../src/core/acts/finish/finish-session.act.ts';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { sendAndAwait } from '../../../../src/core/caller/commands/await-command.ts';
import { findSession } from '../../../../src/core/caller/context/find-session.ts';
import { getStatus } from '../../../../src/core/caller/facts/get-status.ts';
import { sessionFacts } from '../../../../src/core/caller/facts/session-facts.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { eventually } from '../../../support/eventually.ts';
import { makeProject } from '../../../support/project.ts';
import { quickClock } from '../../../support/quick-clock.ts';
import { CREATED, DONE, eventLines, PREPARED, writeEvents } from '../../unit/session/events.ts';

const ID = '01JH0000000000000000000001';
const BY = { channel: 'cli' } as const;
const MERGING: NewEvent = { type: 'finish_asked', work: { kind: 'merge', by: BY, into: 'main' } };
const ACCEPTED: NewEvent = { type: 'command_accepted', id: ID, kind: 'merge', by: BY };
const STOPPED: NewEvent = { type: 'stopped', by: BY, why: 'on request' };
const MERGED: NewEvent[] = [CREATED, PREPARED, DONE, ACCEPTED, MERGING];
const ANSWER = eventLines(MERGED).split('\n').slice(3).join('\n');

/** A session whose worker died during a merge, no supervisor, and a worker program that notes its start and exits. */
async function cutOff(events: readonly NewEvent[] = MERGED) {
  const { repo, context, sessionsDir } = await makeProject();
  const started = join(repo.homeDir, 'started');
  const worker = join(repo.homeDir, 'worker.cjs');
  const paths = sessionPaths(sessionsDir, '26-01-08-x');
  await writeFile(
    worker,
    `const fs = require('node:fs');
    fs.appendFileSync(${JSON.stringify(started)}, '.');
    const [command] = fs.existsSync(${JSON.stringify(paths.commands)}) ? fs.readdirSync(${JSON.stringify(paths.commands)}) : [];
    const answer = ${JSON.stringify(ANSWER)};
    if (command && !fs.readFileSync(${JSON.stringify(paths.events)}, 'utf8').includes('finish_asked')) fs.appendFileSync(${JSON.stringify(paths.events)}, answer.replace('${ID}', command.slice(0, 26)));`,
  );
  await writeEvents(paths, events);
  const env = { ...context.env, SAMOCODE_SUPERVISOR: 'off' };
  return {
    paths,
    context: { ...context, env, programs: { worker, rehearsal: worker } },
    starts: async () => (await ifExists(readFile(started, 'utf8')))?.length ?? 0,
    [Symbol.asyncDispose]: () => repo[Symbol.asyncDispose](),
  };
}

test('an act on a session whose merge was cut off starts the worker for it', { tags: ['ci'] }, async () => {
  await using at = await cutOff();
  await expect(resumeSession({ session: 'x', goal: 'More.' }, at.context)).rejects.toMatchObject({
    code: 'busy',
  });
  await eventually(async () => (await at.starts()) === 1);
});

const TRASH = {
  ref: 'r',
  commit: 'c',
  branch: 'b',
  tip: 't',
  tree: 't',
  uncommitted: [],
  until: '2026-01-08',
};

test.each<Extract<NewEvent, { type: 'finish_asked' }>['work']>([
  { kind: 'archive', by: BY, to: '_archive/x' },
  { kind: 'discard', by: BY, to: '_archive/x', trash: TRASH },
  { kind: 'documents', by: BY, to: '_archive/x', moved: [], kept: [] },
  { kind: 'unarchive', by: BY },
])('a session with $kind cut off names the act that completes it, which starts the worker', async (work) => {
  await using at = await cutOff([CREATED, PREPARED, STOPPED, { type: 'finish_asked', work }]);
  const { view, ...report } = await getStatus({ session: 'x' }, at.context);
  expect(sessionFacts(view, report)).toMatchObject({
    finishing: work.kind,
    worker: 'gone',
    next: [{ act: 'resume', when: expect.stringMatching(/^to complete its /) }],
  });
  await expect(finishUnasked({ session: 'x', how: 'unarchive', keep: [] }, at.context)).rejects.toMatchObject(
    {
      code: 'busy',
    },
  );
  const first = await eventually(async () => (await at.starts()) || undefined);
  // This worker program exits at once.
  const context = { ...at.context, clock: quickClock(20) };
  await expect(resumeSession({ session: 'x' }, context)).rejects.toMatchObject({
    code: 'pending',
  });
  expect(await at.starts()).toBeGreaterThan(first);
});

test('a look at a session whose merge was cut off starts nothing', async () => {
  await using at = await cutOff();
  expect(await findSession({ session: 'x' }, at.context)).toMatchObject({ needsWorker: true });
  expect(await at.starts()).toBe(0);
});

test('who waits for a merge starts three further workers, and then hears that they died', {
  timeout: 30_000,
}, async () => {
  await using at = await cutOff([CREATED, PREPARED, DONE]);
  const view = await findSession({ session: 'x' }, at.context);
  const request = { kind: 'merge', tip: undefined } as const;
  const context = { ...at.context, clock: quickClock(20) };
  const waited = sendAndAwait(view, request, ['merge_ended'], context, { workMs: 3_600_000 });
  await expect(waited).rejects.toMatchObject({
    code: 'pending',
    why: expect.stringMatching(/^Its worker died, and so did the next 3, within \d+ s\.$/),
  });
  expect(await at.starts()).toBe(4);
});
