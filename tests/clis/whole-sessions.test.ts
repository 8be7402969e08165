import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { startCliSession } from './cli-session.ts';

test.each(['claude', 'codex', 'gemini'] as const)(
  'a whole session from init to done through the real %s',
  async (cli) => {
    // One of them begins as most do: by the tool of a parent's server.
    await using session = await startCliSession({ cli, ...(cli === 'claude' && { byTool: true }) });
    await session.until(({ status }) => status.kind === 'waiting' && status.for === 'qa_answers');
    await session.answer();
    await session.until(({ status }) => status.kind === 'waiting' && status.for === 'plan_approval');
    await session.approve();
    await session.until(({ status }) => status.kind === 'done', 200_000);

    const ended = await session.eventsOf('iteration_ended');
    expect(ended.map(({ phase, ending }) => `${phase} ${ending}`)).toEqual([
      'investigation signalled',
      'requirements signalled',
      'requirements signalled',
      'planning signalled',
      'implementation signalled',
      'implementation signalled',
      'implementation signalled',
      'testing signalled',
      'quality signalled',
      'testing signalled',
      'done signalled',
    ]);
    expect(ended.every(({ cost }) => (cost.inputTokens ?? 0) > 0 && (cost.outputTokens ?? 0) > 0)).toBe(true);
    const { worktree } = await session.state();
    expect(await session.git('-C', worktree?.path ?? '', 'log', '--format=%s', '-3')).toBe(
      'Phase 3: Document them\nPhase 2: Convert them in the command\nPhase 1: Read compound amounts',
    );
    const names = await readdir(session.paths.sessionDir);
    for (const kind of ['dive', 'requirements', 'plan', 'test-report', 'quality-review', 'summary']) {
      expect(names.some((name) => name.includes(`-${kind}-`))).toBe(true);
    }
    expect(await readFile(session.paths.overview, 'utf8')).toContain('Phase: done');
    expect(await session.git('status', '--porcelain')).toBe('?? .samocode');
  },
);

test('three CLIs share one session, phase by phase, and nothing is lost between them', async () => {
  await using session = await startCliSession({
    cli: 'codex',
    others: ['claude', 'gemini'],
    lines: { PROVIDER_REQUIREMENTS: 'gemini', PROVIDER_PLANNING: 'claude', MODEL_PLANNING: 'sonnet' },
  });
  await session.until(({ status }) => status.kind === 'waiting' && status.for === 'qa_answers');
  await session.answer();
  await session.until(({ status }) => status.kind === 'waiting' && status.for === 'plan_approval');
  const started = await session.eventsOf('iteration_started');
  expect(started.map(({ phase, provider, model }) => [phase, provider, model])).toEqual([
    ['investigation', 'codex', ''],
    ['requirements', 'gemini', 'gemini-2.5-pro'],
    ['requirements', 'gemini', 'gemini-2.5-pro'],
    ['planning', 'claude', 'sonnet'],
  ]);
});

test.each(['codex', 'gemini'] as const)(
  'with PERMISSIONS=allow a %s child of investigation signals, and its commit is refused',
  async (cli) => {
    const commit = 'echo confined > confined.txt && git add -A && git commit --quiet -m Confined';
    await using session = await startCliSession({
      cli,
      lines: { PERMISSIONS: 'allow' },
      instead: ({ job, step }) =>
        job.phase === 'investigation' && step === 0
          ? { say: 'Committing.', use: [{ name: 'Bash', input: { command: commit } }] }
          : undefined,
    });
    await session.until(({ status }) => status.kind === 'waiting');
    const ended = await session.eventsOf('iteration_ended');
    expect(ended.map(({ ending }) => ending)).toEqual(['signalled', 'signalled']);
    expect(ended.flatMap(({ codeEdits }) => codeEdits?.paths ?? [])).toEqual([]);
    expect(await session.git('log', '--format=%s', 'samocode/compound')).not.toContain('Confined');
  },
);
