import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { onEffects } from '../../../../../src/core/kernel/effects.ts';
import { ci } from '../../../../support/ci.ts';
import { commitWork, type SessionRig, startRig } from '../../../../support/session-rig.ts';
import { webPage } from '../../../../support/web-page.ts';

const comment = (text: string, line = 1, quote = '+work', file = 'work.txt') => ({ file, line, quote, text });

async function sent(rig: SessionRig, ...comments: object[]) {
  using page = await webPage(rig.context());
  return await page.act('review', { comments: JSON.stringify(comments) });
}

async function keptMessage(rig: SessionRig): Promise<string> {
  const { file } = (await rig.events()).find(({ type }) => type === 'message_kept') as { file: string };
  return await readFile(join(rig.paths.inbox, file), 'utf8');
}

test(
  'comments on lines of several files are one message to the next agent, by the person on the page',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking' });
    await commitWork(rig, 'work.txt');
    await commitWork(rig, 'more.txt');
    const answer = await sent(rig, comment('Say what kind.'), comment('Why more?', 1, '+work', 'more.txt'));
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('agent');
    expect(answer.text).not.toContain('changed meanwhile');
    expect(await keptMessage(rig)).toMatch(
      /Comments on the changes since main at [0-9a-f]{8}:\n\nmore\.txt:1\n> \+work\n\nWhy more\?\n\nwork\.txt:1\n> \+work\n\nSay what kind\./,
    );
    expect((await rig.events()).find(({ type }) => type === 'message_kept')).toMatchObject({
      by: { channel: 'web' },
    });
  },
);

test('a line that changed after the page showed it is said to be stale, by one reading of the diff', async () => {
  await using rig = await startRig({ at: 'asking' });
  await commitWork(rig, 'work.txt');
  const programs: string[] = [];
  using _ = onEffects(({ what }) => programs.push(what));
  const { text } = await sent(rig, comment('A', 1, '+wrok'), comment('B'));
  expect(programs.filter((program) => program.includes('--no-color'))).toHaveLength(1);
  expect(text).toContain('1 of 2: the line has changed meanwhile, and the message says so.');
  expect(await keptMessage(rig)).toContain('work.txt:1 (this line has changed since)\n> +wrok\n\nA');
});

test('comments on the changes of a session whose plan waits are guidance, not changes to the plan', async () => {
  await using rig = await startRig({ at: 'planned' });
  await commitWork(rig, 'work.txt');
  expect((await sent(rig, comment('Later.'))).status).toBe(200);
  expect((await rig.state()).feedback).toBeUndefined();
  expect(await keptMessage(rig)).toContain('work.txt:1\n> +work\n\nLater.');
});

test('comments on a done session are its new goal', async () => {
  await using rig = await startRig({ at: 'done' });
  const { text } = await sent(rig, comment('More of it.'));
  expect(text).toContain('continues with your comments as its goal.');
  expect((await rig.state()).goal).toContain('work.txt:1\n> +work\n\nMore of it.');
});

test('without a comment nothing is sent', async () => {
  await using rig = await startRig({ at: 'asking' });
  expect(await sent(rig)).toMatchObject({
    status: 409,
    text: expect.stringContaining('There is no comment.'),
  });
  expect(await sent(rig, comment('  '))).toMatchObject({ status: 409 });
});

test('renamed and uncommitted files are listed, and a renamed file is compared with what it was', async () => {
  await using rig = await startRig({ at: 'asking' });
  const { path = '' } = (await rig.state()).worktree ?? {};
  using page = await webPage(rig.context());
  expect(await page.part('p-tab changes')).toContain('0 files');
  const [first = ''] = (await rig.repo.git(['ls-files', '*.md', '*.txt', '*.js', '*.json'], path)).split(
    '\n',
  );
  await rename(join(path, first), join(path, 'renamed.txt'));
  await rig.repo.git(['add', '-A'], path);
  await rig.repo.git(['commit', '--quiet', '-m', 'Rename'], path);
  await writeFile(join(path, 'loose <b>.txt'), 'loose\n');
  const part = await page.part('p-tab changes');
  expect(part).toContain(`<code>${first}</code> → <code>renamed.txt</code>`);
  expect(part).toContain(
    '<h3>Not committed</h3><ul class="uncommitted"><li><code dir="ltr">loose &lt;b&gt;.txt</code>',
  );
  const [, address = ''] = /data-load="([^"]*path=renamed\.txt[^"]*)"/.exec(part) ?? [];
  expect(await page.get(address.replaceAll('&amp;', '&'))).toContain('rename to renamed.txt');
});
