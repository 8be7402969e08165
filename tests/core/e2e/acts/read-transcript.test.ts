import { appendFile, readFile, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import {
  readTranscript,
  type TranscriptPage,
} from '../../../../src/core/acts/reading/read-transcript.act.ts';
import { run } from '../../../../src/core/kernel/phases/verdict.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { makeServerRig } from '../../../app/unit/server/server-rig.ts';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { CREATED } from '../../unit/session/events.ts';

async function allPages(rig: SessionRig, limit: number): Promise<TranscriptPage[]> {
  const pages: TranscriptPage[] = [];
  for (let from = 0; ; ) {
    const page = await readTranscript({ session: rig.file.folder, iteration: 1, from, limit }, rig.context());
    pages.push(page);
    if (!page.hasMore) return pages;
    from = page.next;
  }
}

test('a transcript is the same in one page and in many, grows with its log, and is bounded', ci, async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  const [whole] = await allPages(rig, 10_000);
  expect(whole).toMatchObject({ iteration: 1, phase: 'investigation', isRunning: false, hasMore: false });
  expect(whole?.lines.some((line) => line.startsWith('• '))).toBe(true);
  const pages = await allPages(rig, 1);
  expect(pages.length).toBeGreaterThan(2);
  expect(pages.flatMap(({ entries }) => entries)).toEqual(whole?.entries);

  const { logPath = '', next = 0 } = whole ?? {};
  expect(next).toBe((await stat(logPath)).size);
  await appendFile(logPath, 'x'.repeat(5 * 1024 * 1024));
  const more = await readTranscript({ session: rig.file.folder, iteration: 1, from: next }, rig.context());
  expect(more.lines).toEqual([expect.stringContaining('is left out')]);
  expect((await readFile(logPath)).length).toBe(more.next);
});

test("a running agent's transcript is read up to its current end, and a missing iteration is named", async () => {
  await using rig = await startRig({
    here: true,
    scenario: { rules: [{ when: { iteration: 1 }, do: [{ act: 'hang' }] }] },
  });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const question = { session: rig.file.folder };
  expect(await readTranscript(question, rig.context())).toMatchObject({ iteration: 1, isRunning: true });
  const missing = readTranscript({ ...question, iteration: 99 }, rig.context());
  await expect(missing).rejects.toMatchObject({ code: 'iteration_not_found' });
});

test('iterations of the original tool have no log, and none of them is offered', async () => {
  await using serverRig = await makeServerRig();
  const adopted: NewEvent = { type: 'taken_over', totalIterations: 7, decision: run('investigation') };
  await serverRig.addSession('26-01-08-boat', [CREATED, adopted]);
  const reading = (iteration?: number) => readTranscript({ session: 'boat', iteration }, serverRig.context);
  await expect(reading(3)).rejects.toMatchObject({
    what: '26-01-08-boat has no iteration 3.',
    why: 'Nothing has been recorded so far.',
  });
  await expect(reading()).rejects.toMatchObject({ what: 'No iteration of 26-01-08-boat is on record.' });
});
