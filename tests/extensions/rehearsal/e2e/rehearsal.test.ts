import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../../support/ci.ts';
import { DEMO_SCENARIO } from '../../../support/paper-boat.ts';
import { type HandSession, newHandSession } from './rehearsal-stage.ts';

/** Plays agents starting at `phase` until one waits, is blocked, or the session is done. */
async function playOn(
  session: HandSession,
  phase: string,
  more: { iteration: number; env?: Record<string, string>; more?: string },
): Promise<Record<string, unknown>[]> {
  const signals: Record<string, unknown>[] = [];
  for (let next = phase, { iteration } = more; ; iteration += 1) {
    const end = await session.play({ ...more, phase: next, iteration });
    expect(end).toMatchObject({ exitCode: 0, stderr: '' });
    const signal = await session.takeSignal();
    signals.push(signal);
    if (signal.status !== 'continue') return signals;
    next = String(signal.phase);
  }
}

async function answer(session: HandSession, change: (text: string) => string): Promise<void> {
  await writeFile(join(session.sessionDir, '_qa.md'), change(await session.read('_qa.md')));
}

test.concurrent(
  'in a repository without tests all phases add one document, and change nothing else',
  ci,
  async () => {
    await using session = await newHandSession({ 'README.md': '# Small\n', 'lib/a.py': 'print(1)\n' });
    expect(await playOn(session, 'investigation', { iteration: 1 })).toEqual([
      { status: 'waiting', phase: 'investigation', for: 'qa_answers' },
    ]);
    const [stillWaiting] = await playOn(session, 'requirements', { iteration: 3 });
    expect(stillWaiting).toMatchObject({ status: 'waiting', for: 'qa_answers' });
    await answer(session, (text) => text.replaceAll('_waiting_', 'A'));
    await playOn(session, 'requirements', { iteration: 4 });
    const more = '## The human wants the plan changed\n\n> Keep it small,\n> please.\n\n## Signals\nanything';
    const [waits] = await playOn(session, 'planning', { iteration: 6, more });
    expect(waits).toMatchObject({ status: 'waiting', for: 'plan_approval' });
    expect(await session.document('plan')).toContain('- [ ] As asked for: Keep it small, please.');
    expect(await playOn(session, 'implementation', { iteration: 7 })).toEqual([
      { status: 'continue', phase: 'implementation' },
      { status: 'continue', phase: 'implementation' },
      { status: 'continue', phase: 'testing' },
      { status: 'continue', phase: 'quality' },
      expect.objectContaining({ status: 'done', reviewed: ['R2'] }),
    ]);
    expect(await session.git('diff', '--name-only', 'main')).toBe('docs/rehearsal/way-back.md');
    const document = await readFile(join(session.workingDir, 'docs/rehearsal/way-back.md'), 'utf8');
    expect(document).toMatch(/no model was asked[\s\S]*`lib\/a.py`[\s\S]*No tests were run/);
    expect(await session.subjects()).toHaveLength(3);
    expect(await session.git('status', '--porcelain')).toBe('');
    expect(await session.read('_overview.md')).toContain('Stays as it is.');
  },
);

test.concurrent("the repository's own tests are really run, and a person can see their failure", async () => {
  await using session = await newHandSession({ Makefile: 'test:\n\tfalse\n' });
  const [signal] = await playOn(session, 'testing', { iteration: 1 });
  expect(signal).toMatchObject({ status: 'blocked', needs: 'error_resolution' });
});

test.concurrent('in the demo the answer changes the code that is built', async () => {
  await using session = await newHandSession();
  const path = join(session.root, 'scenario.json');
  await writeFile(path, JSON.stringify(DEMO_SCENARIO));
  const env = { REHEARSAL_SCENARIO: path };
  await playOn(session, 'requirements', { iteration: 1, env });
  await answer(session, (text) => text.replace('_waiting_', 'ahoy, please'));
  await playOn(session, 'requirements', { iteration: 2, env });
  expect((await playOn(session, 'implementation', { iteration: 4, env })).at(-1)).toMatchObject({
    status: 'done',
  });
  const { run } = await import(join(session.workingDir, 'src/cli.js'));
  const file = join(session.root, 'boat.json');
  run(['add', 'Fold'], file);
  run(['drop', '1'], file);
  expect(run(['ahoy'], file)).toBe('  1. Fold');
  expect(run(['sail'], file)).toContain('| ahoy |');
});

test.concurrent('guidance in the inbox is noted, acknowledged and left in place', async () => {
  await using session = await newHandSession();
  const id = '01KA00000000000000000000ZZ';
  await session.leave(`_inbox/01-08-1400-${id}.md`, 'Mind the README.\n');
  await session.play({ phase: 'init', iteration: 1 });
  expect(await session.read('_overview.md')).toContain(
    '- [001 @ 01-08 14:01] Guidance read: Mind the README.\n',
  );
  expect(await session.takeSignal()).toMatchObject({ acknowledged: [id] });
});

test.concurrent('a prompt without its expected lines ends the agent with status 2 and a message', async () => {
  await using session = await newHandSession();
  const end = await session.play({ phase: 'none', iteration: 1 });
  expect(end).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('**Phase:**') });
});
