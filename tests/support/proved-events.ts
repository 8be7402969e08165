import type { Decision, ProvedRequirement } from '../../src/core/kernel/phases/decision.ts';
import type { CheckRun, Proving } from '../../src/core/kernel/phases/proving.ts';
import { FORMAT_VERSION } from '../../src/core/session/events/bodies/format.ts';
import type { SessionFile } from '../../src/core/session/events/bodies/session-file.ts';
import type { NewEvent, SessionEvent } from '../../src/core/session/events/events.ts';
import { sessionFileSample } from './session-file-sample.ts';
import { STARTED, TAKEN } from './work-events.ts';

export const PROVED = {
  commit: '1111111111111111111111111111111111111111',
  tree: '2222222222222222222222222222222222222222',
  base: '3333333333333333333333333333333333333333',
};

export const checkRun = (more: Partial<CheckRun> = {}): CheckRun => ({
  command: 'npm test',
  exitCode: 0,
  durationMs: 1234,
  outputHash: 'ab'.repeat(32),
  outputBytes: 42,
  output: 'iterations/001/checks/full-1.txt',
  tail: '# pass 3\n```\n# fail 0',
  ...more,
});

/** An iteration that ended with a decision. */
export const ended = (decision: Decision, head = PROVED.commit): NewEvent => ({
  type: 'iteration_ended',
  iteration: 1,
  phase: 'done',
  ending: 'signalled',
  exitCode: 0,
  signalNotes: [],
  decision,
  changed: true,
  treeChanged: true,
  cost: { usd: 1.5, inputTokens: 1000, outputTokens: 200, model: 'opus', version: '2.1.0' },
  durationMs: 60_000,
  head,
  flowLines: [],
});

/** The events of a small session: approved in a terminal, one agent, one check, done. */
export function provedEvents({
  proved = PROVED,
  runs = [checkRun()],
  before = [],
  more = [],
  ofFile = {},
  requirements,
}: {
  proved?: typeof PROVED;
  runs?: CheckRun[];
  /** Right before the checks that count. */
  before?: NewEvent[];
  more?: NewEvent[];
  ofFile?: Partial<SessionFile>;
  requirements?: ProvedRequirement[];
} = {}): SessionEvent[] {
  const file = sessionFileSample(ofFile);
  const proving: Proving = { in: 'clone', fast: [], copy: [], timeoutMs: 60_000 };
  const proven = { ...file, settings: { ...file.settings, proving } };
  const by = { channel: 'cli' } as const;
  const { commit, tree, base } = proved;
  const worktree = { path: '/worktrees/x', branch: 'samocode/x', base: 'main', baseCommit: base };
  const of = { in: 'clone', sandbox: 'guard' } as const;
  const events: NewEvent[] = [
    { type: 'session_created', sessionId: file.id, runWanted: true, by, file: proven, sandbox: 'guard' },
    TAKEN,
    { type: 'prepared', phase: 'investigation', worktree, warnings: [] },
    { ...STARTED, timeLimitMs: 1, sandbox: 'guard' },
    {
      type: 'checks_ran',
      set: 'base',
      ...of,
      commit: base,
      tree,
      runs: [checkRun({ output: 'base-checks/base-1.txt' })],
    },
    { type: 'answers_recorded', by, answers: [{ id: 'Q1', question: 'cd'.repeat(32), text: 'B' }], open: [] },
    {
      type: 'plan_approved',
      by,
      plan: { name: '01-08-1000-plan-x.md', hash: 'ef'.repeat(32) },
      phase: 'implementation',
    },
    ...before,
    { type: 'checks_ran', set: 'full', iteration: 1, ...of, commit, tree, runs },
    ended({ kind: 'done', phase: 'done', summary: 'Trust me.' }, commit),
    { type: 'done', summary: 'Trust me.', requirements },
    ...more,
  ];
  return events.map(
    (event, at): SessionEvent => ({
      v: FORMAT_VERSION,
      n: at + 1,
      at: `2026-01-08T10:00:${String(at).padStart(2, '0')}.000Z`,
      lease: 1,
      ...event,
    }),
  );
}
