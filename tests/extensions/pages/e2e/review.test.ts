import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LineComment } from '../../../../src/core/caller/facts/line-comments.ts';
import { askPage, pageKey } from '../../../../src/core/caller/facts/live-page.ts';
import {
  openReview,
  type SessionReview,
  sendReview,
} from '../../../../src/extensions/pages/review/review-session.act.ts';
import { ci } from '../../../support/ci.ts';
import { commitWork, type SessionRig, startRig } from '../../../support/session-rig.ts';
import { openTerminal } from '../../../support/terminal.ts';
import { askOnce, exchange } from '../../../support/web-rig.ts';

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

test('the screen of a watch that serves the page shows the digits that confirm a tab until they are typed, and what fails on the page; the page ends with the screen', async () => {
  await using rig = await startRig({ at: 'asking' });
  const { path: cwd, root: dir, env, homeDir } = rig.repo;
  const bySsh = { ...env, SSH_CONNECTION: '::1 9 ::1 22' };
  const program = `'${process.execPath}' '${rig.program('cli')}' watch`;
  await using terminal = await openTerminal(program, { dir, cwd, env: bySsh });
  await terminal.until('NEEDS YOU 1');
  terminal.type('b');
  await terminal.until('No browser could be opened here');
  // Whole, although it is longer than a line.
  await terminal.until(`&v=/s/${pageKey(rig.paths)}`);
  await terminal.until('back to the screen');
  terminal.type('\r');
  await terminal.until('NEEDS YOU 1');
  const served = (await askPage(homeDir, 'address')) ?? expect.fail('no page');
  const { host, port } = new URL(served.address);
  const web = { served, askWithout: askOnce.bind(undefined, Number(port)) };
  const key = (await exchange(web, served.code ?? '')).text;
  const headers = { host, authorization: `Bearer ${key}` };
  const confirm = async (digits?: string) =>
    await web.askWithout('/confirm', {
      method: 'POST',
      body: JSON.stringify({ digits }),
      headers,
    });
  expect((await confirm()).status).toBe(204);
  await terminal.until(' confirms the tab that asks for these digits');
  const [, digits = ''] = /(\d{6}) confirms/.exec(terminal.shown()) ?? [];
  expect(await confirm(digits)).toMatchObject({ status: 200, text: expect.stringMatching(/^[\w-]{32}$/) });
  await terminal.until('q quit');
  const failed = await web.askWithout('/confirm', { method: 'POST', body: '{"digits":5}', headers });
  expect(failed).toMatchObject({ status: 500, text: expect.stringContaining('screen of samocode watch') });
  await terminal.until('The page failed');
  // A tab that is open does not keep the screen's process.
  const tab = await fetch(new URL('/live', served.address), { headers });
  terminal.type('q');
  const shown = await terminal.end();
  expect(shown).toContain('status=0');
  expect(shown).toMatch(/Internal error \(please report it\).*ZodError[\s\S]*status=0/);
  await expect(tab.text()).rejects.toThrow();
});
