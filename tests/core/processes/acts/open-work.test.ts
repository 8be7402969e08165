import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { sendAndAwait } from '../../../../src/core/caller/commands/await-command.ts';
import { findSession } from '../../../../src/core/caller/context/find-session.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { eventually } from '../../../support/eventually.ts';
import { ownSession } from '../../../support/own-session.ts';
import { makeProject } from '../../../support/project.ts';
import { CREATED, DONE, eventLines, PREPARED, writeEvents } from '../../unit/session/events.ts';

const ID = '01JH0000000000000000000001';
const BY = { channel: 'cli' } as const;
const MERGING: NewEvent = { type: 'merge_asked', by: BY, into: 'main' };
const ACCEPTED: NewEvent = { type: 'command_accepted', id: ID, kind: 'merge', by: BY };
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
    if (command && !fs.readFileSync(${JSON.stringify(paths.events)}, 'utf8').includes('merge_asked')) fs.appendFileSync(${JSON.stringify(paths.events)}, answer.replace('${ID}', command.slice(0, 26)));`,
  );
  await writeEvents(paths, events);
  await ownSession(repo.homeDir, paths);
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

test('a look at a session whose merge was cut off starts nothing', async () => {
  await using at = await cutOff();
  expect(await findSession({ session: 'x' }, at.context)).toMatchObject({ needsWorker: true });
  expect(await at.starts()).toBe(0);
});

test('who waits for a merge starts three further workers, and then hears that they died', {
  timeout: 30_000,
}, async () => {
  await using at = await cutOff([CREATED, PREPARED, DONE]);
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() * 20 };
  const view = await findSession({ session: 'x' }, at.context);
  const request = { kind: 'merge', tip: undefined } as const;
  const context = { ...at.context, clock };
  const waited = sendAndAwait(view, request, ['merge_ended'], context, { workMs: 3_600_000 });
  await expect(waited).rejects.toMatchObject({
    code: 'pending',
    why: expect.stringMatching(/^Its worker died, and so did the next 3, within \d+ s\.$/),
  });
  expect(await at.starts()).toBe(4);
});
