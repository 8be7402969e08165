import { NO_PLAN } from '../../src/core/kernel/phases/outcome.ts';
import { PHASE_NAMES, type Phase } from '../../src/core/kernel/phases/table.ts';
import type { PromptState } from '../../src/core/worker/prompt/prompt-state.ts';
import { progressIn, RULES } from './phase-facts.ts';

const ANSWERS = [
  'Q1 Which library signs the tokens? → jose, as the gateway does',
  'Q2 May a token be renewed? → Not in this task',
];

/** A plausible session when an agent of `phase` starts; its local time is the same everywhere. */
export function promptState(phase: Phase, changes: Partial<PromptState> = {}): PromptState {
  const at = PHASE_NAMES.indexOf(phase);
  const isAfter = (name: Phase) => at > PHASE_NAMES.indexOf(name);
  const sessionDir = '/home/ada/sessions/26-01-08-add-jwt-auth';
  return {
    sessionDir,
    workingDir: '/home/ada/worktrees/26-01-08-add-jwt-auth',
    phase,
    iteration: at * 2 + 1,
    provider: 'claude',
    permissions: 'skip',
    hasGivenPlan: false,
    chat: undefined,
    sandbox: 'none' as const,
    timeLimitMs: 30 * 60_000,
    now: new Date(2026, 0, 8, 14, 37).getTime(),
    worktree: {
      path: '/home/ada/worktrees/26-01-08-add-jwt-auth',
      branch: 'add-jwt-auth',
      base: 'origin/main',
      baseCommit: '4f1d2c8a90b3e7d65a1c0f9b8e2d7c6a5b4f3e2d',
    },
    task: 'Add login with JWT.\nTokens live an hour.',
    dive: undefined,
    goal: undefined,
    feedback: undefined,
    notes: [],
    messages: [],
    constraints: { path: '/home/ada/repo/CONSTRAINTS.md', text: 'No new runtime dependencies.' },
    services: [],
    checks: ['npm test', 'npm run lint'],
    checksIn: 'clone',
    setup: 'npm ci',
    copied: [],
    redBase: undefined,
    baseRun: phase === 'investigation' ? 'running' : { tookMs: 192_000, unsteady: [] },
    pages: phase === 'testing' ? 'opened' : 'none',
    sections: [],
    documents: [
      '_overview.md',
      ...(isAfter('investigation') ? ['01-08-1010-dive-jwt.md'] : []),
      ...(isAfter('requirements') ? ['01-08-1100-requirements-jwt.md', '_qa.md'] : []),
      ...(isAfter('planning') ? ['01-08-1130-plan-jwt.md'] : []),
      ...(isAfter('testing') ? ['01-08-1300-test-report-jwt.md'] : []),
    ],
    questions: isAfter('requirements')
      ? { asked: 2, open: [], answers: ANSWERS }
      : { asked: 0, open: [], answers: [] },
    rules: RULES,
    hasChecks: true,
    requirements: isAfter('planning')
      ? [
          { id: 'R1', check: 'npm test -- auth', isMet: isAfter('testing') },
          { id: 'R2', check: 'reviewed', isMet: false },
        ]
      : [],
    plan: isAfter('planning')
      ? {
          name: '01-08-1130-plan-jwt.md',
          outcome: { ...NO_PLAN, exists: true, approved: true },
          testing: undefined,
          phases: [
            {
              number: 1,
              name: 'Read tokens',
              files: [],
              lines: [],
              steps: { done: 2, total: 2 },
              completed: true,
              wantsComparison: true,
            },
            {
              number: 2,
              name: 'Guard the routes',
              files: ['src/routes.ts', 'tests/routes.test.ts'],
              lines: [
                'Files: src/routes.ts, tests/routes.test.ts',
                'Check: `npm test -- routes`',
                'Proposals: two',
                '- [x] a failing check for R2 in tests/routes.test.ts: 401 without a token',
                '- [ ] `guard(request): Session` in src/routes.ts, called by every route but /login',
                '- [ ] tokens that have expired answer 401, too',
                '',
              ],
              steps: { done: 1, total: 3 },
              completed: false,
              check: 'npm test -- routes',
              wantsComparison: true,
            },
          ],
        }
      : undefined,
    earlier: { rounds: 0, plans: [] },
    progress: progressIn(phase, { qualitySinceImplementation: phase === 'done' }),
    ...changes,
  };
}

/** Everything that may be at the top of a prompt, at once. */
export const EVERYTHING: Partial<PromptState> = {
  dive: 'How tokens are read today',
  goal: 'Now also refresh tokens.',
  feedback: 'Two phases less, please.',
  notes: [
    'The agent before you ended without an accepted signal: No _signal.json was written. Its work may be good: look at `git status`, the last commits and the newest document, finish what is missing, then signal.',
    'Hand-off from the agent before you:\nsteps 1 and 2 done\nnext: routes.ts',
    'Checks of the project failed: `npm test` (exit status 1). Fix this first.',
  ],
  messages: [
    {
      id: '01JH0000000000000000000001',
      path: '/home/ada/sessions/26-01-08-add-jwt-auth/_inbox/01-08-1400-01JH0000000000000000000001.md',
      text: 'Use the library that we have.',
      isRepeated: true,
    },
  ],
  permissions: 'allow',
  earlier: { rounds: 1, plans: ['01-07-0900-plan-old.md'] },
};
