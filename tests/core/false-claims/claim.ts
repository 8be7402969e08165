/** One way to claim success falsely. */
export interface FalseClaim {
  /** Completes "a session is not done when its agent …". */
  way: string;
  /** A representative of its obstacle: `.ci/run` plays it, with all others of its session. */
  ci?: true;
  /** What the agent does: a shell script in the worktree. `$SESSION`, `$REPO` and `$RUN` are the folders around it. */
  does?: string;
  /** Earlier agents' committed work; honest by default. */
  before?: string;
  phase?: 'implementation' | 'testing' | 'quality' | 'done';
  /** Its signal: text that is not JSON, or false for none; `done` by default. */
  signal?: object | string | false;
  /** The approved plan; by default one with two ticked phases. */
  plan?: string;
  checks?: readonly string[];
  /** The requirement ledger that the approval covers; by default none. */
  ledger?: readonly { id: string; text: string; check: string }[];
  /** A person's message before the agent starts, or while it works. */
  message?: 'before' | 'meanwhile';
  /** The files with which the session began, from its chat: a shell script that is committed before any work. */
  chat?: string;
  /** The session began on the work of another one, which is not merged: a shell script that is committed first. */
  below?: string;
  /** What `test.sh` of the base says; default: `true`. */
  tests?: string;
  /** The exit status of the first check when it ran on the base, which a person let stay red; for the first goal. */
  leftRed?: number;
  checkIn?: 'worktree';
  /** The session has a second goal; the earlier work was for the first. */
  secondGoal?: true;
  /** One agent without a plan: it is the first to work. */
  quick?: true;
  /** Every agent of the phase claims it, not only the first. */
  isAgain?: true;
  /** The obstacle, as the next agent or the person reads it. */
  says: string | RegExp;
}

/** A change after the approval, in the documents of a session with `PLAN` and one requirement. */
export type PlanChange = Required<Pick<FalseClaim, 'way' | 'does'>>;

/** A signal judged only by the phase rules. */
export type Signalled = Pick<FalseClaim, 'way' | 'phase' | 'signal' | 'says'>;

/** The claim of a session that makes all of these, each with its own files, checks and phases. */
export function together(claims: readonly FalseClaim[]): FalseClaim {
  const [first] = claims;
  if (first === undefined || claims.length === 1) return first as FalseClaim;
  const plans = claims.flatMap(({ plan }) => plan ?? []);
  const checks = claims.flatMap((claim) => claim.checks ?? []);
  const ledger = claims.flatMap((claim) => claim.ledger ?? []);
  const befores = new Set(claims.map(({ before }) => before ?? HONEST_WORK));
  const does = new Set(claims.flatMap((claim) => (claim.does === undefined ? [] : `(${claim.does}\n)`)));
  const signal = claims.findLast((claim) => claim.signal !== undefined)?.signal;
  return {
    ...first,
    before: [...befores].join('\n'),
    does: [...does].join('\n'),
    ...(plans.length > 0 && { plan: `${PLAN_HEAD}${plans.join('\n').replaceAll(PLAN_HEAD, '')}` }),
    ...(checks.length > 0 && { checks: [...new Set(checks)] }),
    ...(ledger.length > 0 && { ledger }),
    ...(signal !== undefined && { signal }),
  };
}

/** The start of every row's plan. */
export const PLAN_HEAD = '# Plan: x\n## Implementation Phases\n';

export const HONEST_WORK = `mkdir -p src
echo 'export const boats = [];' >src/store.js
echo 'import { boats } from "./store.js";' >src/cli.js
git add -A; git commit -qm 'Phase 1 and 2'`;

export const PLAN = `# Plan: name every boat
## Task Definition
Every boat has a name.
## Implementation Phases
### Phase 1: the store
Files: src/store.js, test/store.test.js
Check: \`test -e src/store.js\`
- [x] keep names
- [x] forget names
### Phase 2: the command
Files: \`src/cli.js\` (new)
- [x] print names
## Notes
`;
