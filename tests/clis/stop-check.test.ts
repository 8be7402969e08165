import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { PlannedWork } from '../support/model-stub/planned-work.ts';
import { COMPOUND_AMOUNTS } from '../support/sample-repo/missing-feature.ts';
import { startCliSession } from './cli-session.ts';

const [first, ...rest] = COMPOUND_AMOUNTS.phases;
const WORK: PlannedWork = {
  ...COMPOUND_AMOUNTS,
  phases: [{ ...(first ?? expect.fail()), proposals: 'two' }, ...rest],
};

test.each(['claude', 'codex', 'gemini'] as const)(
  'a stop check that the real %s ran past is sent back once, and then made up for',
  async (cli) => {
    await using session = await startCliSession({ cli, work: WORK });
    await session.until(({ status }) => status.kind === 'waiting' && status.for === 'qa_answers');
    await session.answer();
    await session.until(({ status }) => status.kind === 'waiting' && status.for === 'plan_approval');
    await session.approve();
    await session.until(({ progress }) => progress.comparison?.state === 'written', 200_000);
    await session.stop();

    const ended = await session.eventsOf('iteration_ended');
    const built = ended.filter(({ phase }) => phase === 'implementation').slice(0, 2);
    expect(built.map(({ comparison }) => comparison?.state)).toEqual(['missing', 'written']);
    expect(built[0]?.decision).toMatchObject({ kind: 'run', phase: 'implementation' });
    const prompts = new Set(
      session.models[cli]?.turns
        .filter(({ job }) => job.phase === 'implementation')
        .map(({ conversation }) => conversation.prompt),
    );
    const [before = '', after = ''] = prompts;
    expect(before).toContain('about to edit with no comparison written? Stop');
    expect(before).not.toContain('there is no comparison document');
    expect(after).toContain('Plan phase 1 asks for two proposals');
    const names = await readdir(session.paths.sessionDir);
    expect(names.filter((name) => name.includes('-comparison-'))).toHaveLength(1);
  },
);
