import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LineComment } from '../../../../src/core/caller/facts/line-comments.ts';
import {
  openReview,
  type SessionReview,
  sendReview,
} from '../../../../src/extensions/pages/review/review-session.act.ts';
import { ci } from '../../../support/ci.ts';
import { commitWork, type SessionRig, startRig } from '../../../support/session-rig.ts';

/** Reviews a session as a person would. */
async function reviewed(rig: SessionRig, comment: (review: SessionReview) => LineComment[]) {
  const question = { session: rig.file.folder };
  const review = await openReview(question, rig.context());
  return await sendReview(question, { review, comments: comment(review) }, rig.context());
}

test('comments on the diff of a working session become guidance for its next agent', ci, async () => {
  await using rig = await startRig({ at: 'asking' });
  await commitWork(rig, 'work.txt');
  const sent = await reviewed(rig, ({ lines }) => [
    { below: lines.indexOf('+work'), text: 'Say what kind.' },
  ]);
  expect(sent).toMatchObject({ as: 'message', stale: 0 });
  const { file } = (await rig.events()).find(({ type }) => type === 'message_kept') as { file: string };
  const kept = await readFile(join(rig.paths.inbox, file), 'utf8');
  expect(kept).toMatch(
    /Comments on the changes since main at [0-9a-f]{8}:\n\nwork\.txt:1\n> \+work\n\nSay what kind\./,
  );
});

test('comments on a plan that waits for approval request changes to it', async () => {
  await using rig = await startRig({ at: 'planned' });
  await reviewed(rig, ({ of, places, lines }) => {
    expect(of).toBe('plan');
    expect(places[0]?.file).toMatch(/-plan-.*\.md$/);
    return [{ below: lines.findIndex((line) => line.startsWith('### Phase 1')), text: 'Mind the harbour' }];
  });
  // The next agent may have taken it already.
  const asked = (await rig.events()).find(({ type }) => type === 'changes_requested');
  expect(asked).toMatchObject({
    feedback: expect.stringMatching(/plan-.*\.md:\d+\n> ### Phase 1.*\n\nMind the harbour$/),
  });
});
