import type { Phase } from '../../src/core/kernel/phases/table.ts';

/** One iteration of the recorded session. */
export interface RecordedIteration {
  phase: Phase;
  minutes: number;
  lastAction: string;
  next: string;
  /** What the agent was doing halfway through, as in `now.json`. */
  activity: string;
  /** How it ended, if not by the signal `continue`. */
  end?: 'asks' | 'plans' | 'done' | 'killed at its time limit';
}

export const RECORDED_TASK =
  'Add JWT authentication to the shop API: login, refresh and logout, roles for customers and staff, and move the old session cookies over without logging anybody out.';

export const RECORDED_SUMMARY =
  'JWT login, refresh and logout work, roles guard the staff routes, old cookies are exchanged on first use; 212 tests pass; the README has a migration chapter.';

// Phase, minutes, last action, what comes next, what the agent was doing halfway through, and how it ended if not by
// `continue`.
const TABLE = `
investigation | 7 | Read the routes and the session middleware | Look at how cookies are signed | Read src/session/middleware.ts
investigation | 5 | Traced cookie signing and the user store | Write the dive | Grep "signedCookie"
investigation | 4 | Dive written -> 11-20-0912-dive-jwt-auth.md | Ask what the code leaves open | Write 11-20-0912-dive-jwt-auth.md
requirements | 4 | Four questions asked about tokens and roles | Wait for the answers | Write _qa.md | asks
requirements | 3 | Two more questions asked about old cookies | Wait for the answers | Write _qa.md | asks
requirements | 4 | Requirements written -> 11-20-0934-requirements-jwt-auth.md | Plan it | Write 11-20-0934-requirements-jwt-auth.md
planning | 9 | Drafted nine phases and checked them against the tests | Split the migration off | Read test/session.test.ts
planning | 5 | Plan written -> 11-20-0948-plan-jwt-auth.md | Wait for the approval | Write 11-20-0948-plan-jwt-auth.md | plans
implementation | 5 | Phase 1 done: token module with signing and checks | Phase 2: key rotation | Edit src/auth/token.ts
implementation | 4 | Phase 2 done: two keys are accepted while one rotates | Phase 3: login route | Edit src/auth/keys.ts
implementation | 5 | Phase 3 done: POST /login issues an access and a refresh token | Phase 4: refresh route | npm test -- login
implementation | 7 | Refresh route written, one race between two refreshes is open | Close the race | Edit src/auth/refresh.ts
implementation | 5 | Phase 4 done: a refresh token is valid once, even for two at a time | Phase 5: logout | npm test -- refresh
implementation | 3 | Phase 5 done: logout revokes the family of tokens | Phase 6: roles | Edit src/auth/logout.ts
implementation | 5 | Role claims are read, staff routes still by cookie | Guard the staff routes | Edit src/auth/roles.ts
implementation | 6 | Phase 6 done: staff routes ask for the role | Phase 7: exchange of cookies | npm test -- staff
implementation | 11 | Looked for every reader of the old cookie | Write the exchange | Grep "req.session" | killed at its time limit
implementation | 5 | Exchange of a cookie for tokens written | Test it with old signed cookies | Edit src/auth/exchange.ts
implementation | 4 | Phase 7 done: old cookies are exchanged on first use | Phase 8: limits | npm test -- exchange
implementation | 4 | Phase 8 done: five failed logins per minute and address | Phase 9: documents | Edit src/auth/limit.ts
implementation | 3 | Phase 9 done: README and OpenAPI file describe the tokens | Test everything | Edit openapi.yaml
testing | 6 | All 204 tests pass; by hand: refresh after logout answers 500 | Send it back | curl -s localhost:3000/refresh
implementation | 3 | Refresh after logout answers 401 | Test again | Edit src/auth/refresh.ts
testing | 4 | Test report written -> 11-20-1112-test-report-jwt-auth.md: all passed | Review the changes | npm test
quality | 5 | Reviewed the token module: two findings | Fix them | Read src/auth/token.ts
quality | 4 | Clock skew is allowed for, the key id is checked | Review the routes | Edit src/auth/token.ts
quality | 4 | Reviewed the routes: one finding about error texts | Fix it | Read src/auth/login.ts
quality | 3 | Error texts no longer reveal anything about accounts | Review the exchange | Edit src/auth/errors.ts
quality | 4 | Reviewed the exchange: cookies of deleted users | Fix it | Read src/auth/exchange.ts
quality | 3 | Cookies of deleted users are refused | Remove what is not used | Edit src/auth/exchange.ts
quality | 3 | Removed the old middleware and its types | Write the review | Edit src/session/middleware.ts
quality | 3 | Quality review written -> 11-20-1146-quality-review-jwt-auth.md | Test once more | Write 11-20-1146-quality-review-jwt-auth.md
testing | 4 | One of 211 tests fails: a staff token without roles | Send it back | npm test
implementation | 3 | A token without roles has none | Test again | Edit src/auth/roles.ts
testing | 3 | All 212 tests pass | Review what changed since | npm test
quality | 3 | Reviewed the change since the last review: good | Test once more | git diff HEAD~1
testing | 3 | Test report written -> 11-20-1206-test-report-jwt-auth.md: all passed | Finish | npm test
done | 2 | Looked through plan, requirements and overview | Write the summary | Read _overview.md
done | 2 | Summary written -> 11-20-1212-summary-jwt-auth.md | Signal done | Write 11-20-1212-summary-jwt-auth.md
done | 1 | Everything is committed | Nothing | git status | done
`;

/**
 * A session of three hours and forty iterations, with six questions in two rounds and one plan, as when someone hands a
 * day's work to samocode. Texts are as long as those of real agents.
 */
export const RECORDED_ITERATIONS: readonly RecordedIteration[] = TABLE.trim().split('\n').map(iterationIn);

function iterationIn(row: string): RecordedIteration {
  const [phase, minutes, lastAction = '', next = '', activity = '', end] = row.split(' | ');
  // The table above is the only input, so no value needs a check.
  return {
    phase: phase as Phase,
    minutes: Number(minutes),
    lastAction,
    next,
    activity,
    ...(end && { end: end as NonNullable<RecordedIteration['end']> }),
  };
}

/** How long the person takes to answer each time. */
export const PERSON_MINUTES = 3;

interface RecordedQuestion {
  id: string;
  text: string;
  options: readonly string[];
  suggestion: string;
}

/** By round. */
export const RECORDED_QUESTIONS: readonly (readonly RecordedQuestion[])[] = [
  [
    {
      id: 'Q1',
      text: 'How long should an access token be valid?',
      options: ['5 minutes', '15 minutes', '1 hour'],
      suggestion:
        'B - short enough to make a list of revoked tokens unnecessary, long enough for the mobile app.',
    },
    {
      id: 'Q2',
      text: 'Where does the browser keep the refresh token?',
      options: ['In an HttpOnly cookie', 'In local storage'],
      suggestion: 'A - scripts cannot read it.',
    },
    {
      id: 'Q3',
      text: 'Which roles are there?',
      options: ['customer and staff', 'customer, staff and admin'],
      suggestion: 'B - the staff routes already distinguish the two by a flag.',
    },
    {
      id: 'Q4',
      text: 'What should sign the tokens?',
      options: ['HS256 with one secret', 'EdDSA with two keys that rotate'],
      suggestion: 'B - the warehouse service can then check tokens without the secret.',
    },
  ],
  [
    {
      id: 'Q5',
      text: 'How long should old session cookies still be exchanged?',
      options: ['30 days', '90 days', 'Forever'],
      suggestion: 'B - the current lifetime of a cookie.',
    },
    {
      id: 'Q6',
      text: 'May the old session table be dropped at the end?',
      options: ['Yes', 'No, a later task'],
      suggestion: 'B - a rollback stays possible.',
    },
  ],
];

export function questionsText(rounds: number): string {
  const blocks = RECORDED_QUESTIONS.slice(0, rounds)
    .flat()
    .map(({ id, text, options, suggestion }) =>
      [
        `### ${id}: ${text}`,
        '',
        ...options.map((option, index) => `${'ABC'[index]}) ${option}`),
        '',
        `**Suggestion:** ${suggestion}`,
        '**Answer:** _waiting_',
        '',
      ].join('\n'),
    );
  return `# Q&A: JWT authentication\n\nStatus: waiting\n\n${blocks.join('\n')}`;
}

const PLAN_PHASES = [
  [
    'Token module',
    'src/auth/token.ts, test/token.test.ts',
    'signs and checks access and refresh tokens; time and key id are checked',
  ],
  [
    'Key rotation',
    'src/auth/keys.ts, test/keys.test.ts',
    'accepts the previous key for a day; the public keys are at /.well-known/jwks.json',
  ],
  [
    'Login',
    'src/auth/login.ts, src/routes.ts',
    'POST /login answers 200 with both tokens, 401 otherwise, in the same time',
  ],
  [
    'Refresh',
    'src/auth/refresh.ts, src/store/families.ts',
    'a refresh token is valid once; a second use revokes its family',
  ],
  ['Logout', 'src/auth/logout.ts', 'POST /logout revokes the family and clears the cookie'],
  [
    'Roles',
    'src/auth/roles.ts, src/routes/staff.ts',
    'customer, staff and admin; staff routes answer 403 without the role',
  ],
  [
    'Exchange of old cookies',
    'src/auth/exchange.ts',
    'a valid old cookie is exchanged for tokens, for 90 days from the release',
  ],
  ['Limits', 'src/auth/limit.ts', 'five failed logins per minute and address, then 429 with Retry-After'],
  ['Documents', 'README.md, openapi.yaml', 'how to log in, to rotate keys, and to roll back'],
] as const;

/** About 4,500 characters, the typical size of a plan with nine phases. */
export const RECORDED_PLAN = [
  '# Plan: JWT authentication',
  'Created: 11-20-0948',
  `## Task Definition\n${RECORDED_TASK}`,
  '## Requirements\n- [ ] Nobody is logged out by the release\n- [ ] The warehouse service checks tokens without a secret\n- [ ] The old session table stays',
  '## Context\nSessions live in a table and a signed cookie; 31 routes read req.session, 6 of them for staff. Tests run in 40 s.',
  `## Implementation Phases\n${PLAN_PHASES.map(
    ([name, files, holds], index) =>
      `### Phase ${index + 1}: ${name}\nFiles: ${files}\nHolds when done: ${holds}.\nCheck: \`npm test\`\n- [ ] Write the test that fails\n- [ ] ${name}\n- [ ] Run all tests and commit\n`,
  ).join('\n')}`,
  '## Risks\n- Two refreshes at once: the family is locked by its row.\n- Clocks of the hosts differ: 30 seconds are allowed for.',
  '## Notes\n',
].join('\n\n');
