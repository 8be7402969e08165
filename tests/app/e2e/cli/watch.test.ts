import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENTER_FULL_SCREEN, LEAVE_FULL_SCREEN } from '../../../../src/core/faces/terminal/output.ts';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { openTerminal } from '../../../support/terminal.ts';
import { KEY } from '../../unit/cli/keys.ts';

const HANGS = { rules: [{ when: {}, do: [{ act: 'hang' }] }] };

async function watching(rig: SessionRig, args = '') {
  const { path: cwd, root: dir, env } = rig.repo;
  const bySsh = { ...env, EDITOR: 'echo edits "$PWD"', SSH_CONNECTION: '::1 9 ::1 22' };
  return await openTerminal(`'${process.execPath}' '${rig.program('cli')}' watch ${args}`, {
    dir,
    cwd,
    env: bySsh,
  });
}

/** Asserts that the screen was left, and that the terminal shows lines and cursor and echoes typed text as before. */
function expectClean(shown: string) {
  const last = shown.lastIndexOf(ENTER_FULL_SCREEN);
  expect(last).toBeGreaterThan(-1);
  expect(shown.indexOf(LEAVE_FULL_SCREEN, last)).toBeGreaterThan(last);
  const after = shown.slice(shown.lastIndexOf(LEAVE_FULL_SCREEN) + LEAVE_FULL_SCREEN.length);
  expect(after).toMatch(/ icanon .* echo /s);
  expect(after).not.toContain('\u001b[?25l');
}

test(
  'the screen shows a session and its log, answers its questions, stops it and opens its worktree',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking', scenario: HANGS });
    await using terminal = await watching(rig);
    await terminal.until('NEEDS YOU 1');
    await terminal.until('waits for answers: Q1');
    terminal.type('l');
    await terminal.until('back to the screen');
    terminal.type('q');
    await terminal.until('NEEDS YOU 1');
    terminal.resize(120, 30);
    await terminal.until('─'.repeat(120));
    terminal.type('a');
    await terminal.until('Questions for you');
    const { status } = await rig.state();
    for (const id of status.kind === 'waiting' ? status.openQuestions : []) {
      await terminal.until(`Your answer to ${id}`);
      terminal.type(KEY.enter);
    }
    await terminal.until('WORKING 1');
    await rig.until(({ openIteration }) => openIteration !== undefined);
    await terminal.until('· iteration 3');
    terminal.type(KEY.enter);
    await terminal.until('It is still running');
    await terminal.until('back to the screen');
    terminal.type(KEY.enter);
    await terminal.until('WORKING 1');
    terminal.type('s');
    await terminal.until('When should');
    terminal.type(KEY.down + KEY.enter);
    await terminal.until('is stopped (');
    // The list may have shown it before what the act says.
    await rig.until(({ status }) => status.kind === 'stopped');
    terminal.type('e');
    await terminal.until(`edits ${(await rig.state()).worktree?.path} .`);
    await terminal.until('STOPPED 1');
    terminal.type('o');
    await terminal.until('file:///');
    await terminal.until('scp <host>:/');
    await terminal.until('back to the screen');
    terminal.type(KEY.enter);
    await terminal.until('STOPPED 1');
    terminal.type('f');
    await terminal.until('How should it be finished?');
    terminal.type(KEY.escape);
    await terminal.until('back to the screen');
    terminal.type('q');
    await terminal.until('STOPPED 1');
    terminal.type('q');
    const shown = await terminal.end();
    expect(shown).toContain('status=0');
    expectClean(shown);
  },
);

describe('leaving the screen', () => {
  // None of these acts changes the session.
  let rig: SessionRig;
  beforeAll(async () => {
    rig = await startRig({ at: 'asking' });
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  test.each([
    ['q', 0],
    [KEY.ctrlC, 130],
  ] as const)('with the key %j leaves a clean terminal, with status %i', async (key, status) => {
    await using terminal = await watching(rig, rig.file.folder);
    await terminal.until('waits for answers');
    terminal.type(key);
    const shown = await terminal.end();
    expect(shown).toContain(`status=${status}`);
    expectClean(shown);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const)(
    'on %s leaves a clean terminal, and the program ends with that signal',
    async (signal, status) => {
      await using terminal = await watching(rig);
      await terminal.until('waits for answers');
      terminal.signal(signal);
      const shown = await terminal.end();
      expect(shown).toContain(`status=${status}`);
      expectClean(shown);
    },
  );

  test('after an error shows it on a clean terminal', async () => {
    await using terminal = await watching(rig, 'no-such-session');
    const shown = await terminal.end();
    expect(shown).toContain('status=1');
    expect(shown.slice(shown.lastIndexOf(LEAVE_FULL_SCREEN))).toContain('no-such-session');
    expectClean(shown);
  });
});
