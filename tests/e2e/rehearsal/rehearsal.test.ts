import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { answerAll } from '../../../src/rehearsal/qa-text.ts';
import { type HandSession, newHandSession } from './rehearsal-stage.ts';

async function answer(session: HandSession, change: (text: string) => string = answerAll): Promise<void> {
  await writeFile(join(session.sessionDir, '_qa.md'), change(await session.read('_qa.md')));
}

/** Plays children from `phase` on until one waits or the session is done. */
async function playOn(
  session: HandSession,
  phase: string,
  iteration: number,
): Promise<Record<string, unknown>[]> {
  const signals: Record<string, unknown>[] = [];
  let next = phase;
  for (let number = iteration; number < iteration + 12; number++) {
    const end = await session.play({ phase: next, iteration: number });
    expect(end).toMatchObject({ exitCode: 0, stderr: '' });
    const signal = await session.takeSignal();
    signals.push(signal);
    if (signal.status !== 'continue') break;
    next = String(signal.phase);
  }
  return signals;
}

test('a task on the demo project goes the whole way, with real commits and tests that pass', async () => {
  await using session = await newHandSession();

  expect(await playOn(session, 'investigation', 1)).toEqual([
    { status: 'continue', phase: 'requirements' },
    { status: 'waiting', phase: 'requirements', for: 'qa_answers' },
  ]);
  await answer(session);
  expect(await playOn(session, 'requirements', 3)).toEqual([
    { status: 'continue', phase: 'planning' },
    { status: 'waiting', phase: 'planning', for: 'plan_approval' },
  ]);
  expect(await session.document('plan')).toMatch(/### Phase 3: .*\nFiles: .*\nCheck: `node --test`\n- \[ \]/);

  expect(await playOn(session, 'implementation', 5)).toEqual([
    { status: 'continue', phase: 'implementation' },
    { status: 'continue', phase: 'implementation' },
    { status: 'continue', phase: 'testing' },
    { status: 'continue', phase: 'quality' },
    { status: 'continue', phase: 'testing' },
    { status: 'continue', phase: 'done' },
    { status: 'done', phase: 'done', summary: expect.stringMatching(/^Built: .*4 commits/) },
  ]);
  expect(await session.subjects()).toEqual([
    'Phase 1: Remember the past',
    'Phase 2: Keep the past in the boat file',
    'Phase 3: The undo command',
    'fix: quality review - name `undo` in USAGE, and hold it by a test',
  ]);
  expect(await session.git('status', '--porcelain')).toBe('');
  expect(await session.document('plan')).not.toContain('- [ ]');
  expect(await session.document('test-report')).toMatch(/2nd after quality[\s\S]*[#ℹ] fail 0/);
  expect(await session.document('summary')).toContain('## PR Description');
  const overview = await session.read('_overview.md');
  expect(overview).toContain('- [009 @ 01-08 14:09] Quality review: 1 issue mended');
  expect(overview).toContain('Next: Open a pull request');
  expect(overview).toContain('Phase: investigation');
  expect(overview).toContain('Stays as it is.');
});

test('answers change what is built: another name, another number, other words', async () => {
  await using session = await newHandSession();
  await playOn(session, 'requirements', 1);
  const given = ['C', '3 is plenty', 'one line that says what came back'];
  await answer(session, (text) => text.replaceAll('_waiting_', () => given.shift() ?? ''));
  await playOn(session, 'requirements', 2);
  await playOn(session, 'implementation', 4);
  const { run } = await import(join(session.workingDir, 'src/cli.js'));
  const file = join(session.root, 'boat.json');
  run(['add', 'Fold'], file);
  run(['drop', '1'], file);
  expect(run(['oops'], file)).toBe('Taken back: 1 on board.');
  expect(run(['sail'], file)).toContain('| oops |');
  const { MAX_STEPS } = await import(join(session.workingDir, 'src/history.js'));
  expect(MAX_STEPS).toBe(3);
  expect(await session.document('requirements')).toContain('the command is `boat oops`');
});
