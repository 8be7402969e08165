import { describe, test } from 'vitest';
import { decide } from '../../../../src/core/kernel/phases/decide.ts';
import { NO_PLAN } from '../../../../src/core/kernel/phases/outcome.ts';
import { parseSignal } from '../../../../src/core/session/documents/signal.ts';
import { signalOutcome } from '../../../../src/core/worker/iteration/finish-iteration.ts';
import { ci, ciIf } from '../../../support/ci.ts';
import { outcomeOf, progressIn, RULES } from '../../../support/phase-facts.ts';
import { type FalseClaim, PLAN_HEAD, together } from '../../false-claims/claim.ts';
import { planAfter } from '../../false-claims/plan-after.ts';
import { type ClaimEnd, playClaim } from '../../false-claims/play-claim.ts';
import { CHANGES, PLAYED, SIGNALLED } from '../../false-claims/rows.ts';

interface Row {
  claim: FalseClaim;
  /** Plays the session of this row's claims, once for all of them. */
  play(): Promise<ClaimEnd>;
  /** The index of the row within the session. */
  at: number;
  hasOthers: boolean;
}

/**
 * The first rows of all sessions come first, since rows that wait for the same session would leave nothing to run in
 * the meantime.
 */
const CLAIMS = PLAYED.flatMap((claims): Row[] => {
  let played: Promise<ClaimEnd> | undefined;
  const play = () => (played ??= playClaim(together(claims)));
  return claims.map((claim, at) => ({ claim, play, at, hasOthers: claims.length > 1 }));
}).toSorted((a, b) => a.at - b.at);

const isStopped = ({ said, status }: ClaimEnd, { says }: FalseClaim) =>
  status !== 'done' && (typeof says === 'string' ? said.includes(says) : says.test(said));

describe('a session is not done when its agent', () => {
  for (const { claim, play, hasOthers } of CLAIMS)
    test.concurrent(claim.way, ciIf(claim.ci), async ({ expect }) => {
      const end = await play();
      if (isStopped(end, claim)) return;
      // Played alone, it shows whether it is the claim that is not caught.
      const { said, status } = hasOthers ? await playClaim(claim) : end;
      if (typeof claim.says === 'string') expect(said).toContain(claim.says);
      else expect(said).toMatch(claim.says);
      expect(status).not.toBe('done');
    });

  test.for(SIGNALLED.map((row) => [row.way, row] as const))(
    '%s',
    ci,
    ([, { phase = 'done', signal = { status: 'done' }, says }], { expect }) => {
      const text = typeof signal === 'string' ? signal : JSON.stringify(signal);
      const plan = { ...NO_PLAN, exists: true, approved: true };
      const reading = signalOutcome(parseSignal(text, phase));
      const decision = decide(progressIn(phase), outcomeOf({ signal: reading, plan }), RULES);
      expect(decision.kind).not.toBe('done');
      expect(decision).toMatchObject({ notes: [expect.stringContaining(String(says))] });
    },
  );
});

test('the approved plan and its ledger count as unchanged if an agent changes neither', async ({
  expect,
}) => {
  expect(await planAfter('true')).toMatchObject({ approved: true, changedSinceApproval: false });
});

test.concurrent.for(CHANGES.map(({ way, does }) => [way, does] as const))(
  'the plan counts as changed after its approval when an agent %s',
  async ([, does], { expect }) => {
    expect(await planAfter(does)).toMatchObject({ approved: false, changedSinceApproval: true });
  },
);

test('a repeated false claim is sent back three times, then the session blocks with the list', async ({
  expect,
}) => {
  const { said, iterations } = await playClaim({
    way: 'moves on to quality again and again',
    phase: 'testing',
    isAgain: true,
    before: '',
    signal: { status: 'continue', phase: 'quality' },
    says: '',
  });
  expect(said).toMatch(
    /^\{"reason":"The work is not done: the plan asks for changes \(it has no \\"Testing: none\\"\), but .*"rule":"false_done"/,
  );
  // Testing claims it four times, with implementation in between.
  expect(iterations).toBe(7);
});

test('work that is left to the review and never passes its check is sent back three times', async ({
  expect,
}) => {
  const { said, status, iterations } = await playClaim({
    ...{ way: 'claims it again and again', phase: 'implementation', isAgain: true, says: '' },
    plan: `${PLAN_HEAD}### Phase 1: a\nFiles: src/cli.js\n- [x] a\n\nTesting: in review - it is small\n`,
    signal: { status: 'continue', phase: 'quality' },
    does: `echo false >test.sh; echo x >>src/cli.js; ${COMMIT}`,
  });
  expect(status).toBe('blocked');
  expect(said).toContain('"rule":"checks"');
  expect(iterations).toBe(4);
});

const COMMIT = 'git add -A; git commit -qm Work';
const phase = (name: string, files: string) => `### Phase 1: ${name}\nFiles: ${files}\n- [x] a\n`;

/** Claims that hold, in a plan with a phase for each way to name files; its name tells which one was rejected. */
const HONEST = together([
  {
    way: 'has done what the plan says',
    plan: `${PLAN_HEAD}${phase('the store', 'src/store.js, test/store.test.js\nCheck: `test -e src/store.js`')}`,
    says: '',
  },
  {
    way: 'has only made a file executable',
    before: `chmod +x test.sh; ${COMMIT}`,
    plan: phase('executable', 'test.sh'),
    says: '',
  },
  { way: 'names a folder', plan: phase('folder', 'src/'), says: '' },
  { way: 'names a pattern', plan: phase('pattern', '`src/*.js`'), says: '' },
  { way: 'names a file with a note', plan: phase('note', '\n- `src/cli.js` - new'), says: '' },
  { way: 'names files that cannot be looked up', plan: phase('not looked up', 'test/{a,b}.js'), says: '' },
  { way: 'has no files', plan: '### Phase 1: no files\n- [x] a\n', says: '' },
  {
    way: 'meets its requirements',
    ledger: [{ id: 'R1', text: 'It has a store', check: 'test -e src/store.js' }],
    says: '',
  },
  { way: 'commits its last work at the end', does: `echo x >>src/cli.js; ${COMMIT}`, says: '' },
  {
    way: 'has read the message',
    does: 'sed -i "s/^Last Action:.*/Last Action: $(ls "$SESSION"/_inbox | tr "\\n" " ")/" "$SESSION/_overview.md"',
    says: '',
  },
]);
/** White space or less, which a check of the requirements turns from red to green. */
const turnsGreen = (before: string, check: string) => ({
  before: `${before}; ${COMMIT}`,
  plan: '# Plan: x\n### Phase 1: a\n- [x] a',
  ledger: [{ id: 'R1', text: 'It holds', check }],
});
const BOXES = '## Requirements\n- [ ] R1: x\n## Impl';

describe('a session is done when its agent', () => {
  for (const [way, claim, isRepresentative] of [
    [
      "has made a file executable, touched the plan's files as named by a folder, a pattern, a note or in a form that cannot be looked up, met its requirements regardless of checkboxes in the plan, read its message and committed its last work at the end",
      { ...HONEST, message: 'before' as const, plan: HONEST.plan?.replace('## Impl', BOXES) },
      true,
    ],
    ['follows a plan without files', { plan: '# Plan: x\n### Phase 1: look\n- [x] a' }],
    ['follows a plan without phases, and has no check', { plan: '# Plan: look', checks: [] }, true],
    [
      'researches with a plan without files and without tests',
      { before: '', plan: '# Plan: x\nTesting: none - nothing runs\n### Phase 1: look\n- [x] a' },
    ],
    [
      'writes a document with a plan without tests',
      {
        before: '',
        plan: `Testing: none - it is research\n### Phase 1: look\nFiles: 01-08-1100-dive-x.md\n- [x] a`,
      },
    ],
    ['adds an empty file that a check was missing', turnsGreen('touch empty', 'test -e empty')],
    [
      'writes the tab that a check was missing',
      turnsGreen(String.raw`printf '#\tBoats\n' >README.md`, String.raw`grep -q "$(printf '\t')" README.md`),
      true,
    ],
    [
      'writes the line endings that a check asks for',
      turnsGreen(String.raw`printf '# Ends\r\n' >ends.md`, String.raw`grep -q "$(printf '\r')" ends.md`),
    ],
    [
      'leaves a check red that is as red on the base now, as a person accepted',
      { checks: ['echo "$$ $(pwd) $(date)"; mktemp -u; exit 3'], leftRed: 3 },
      true,
    ],
    [
      'has changed a test for its quick work, which passes on it as it was',
      { quick: true, does: `printf '# nothing\\ntrue\\n' >test.sh; echo x >work.js; ${COMMIT}` },
      true,
    ],
    ['renames a file without content', turnsGreen('touch a; git add a; git mv a b', 'test -e b')],
  ] satisfies [string, Partial<FalseClaim>, true?][])
    test.concurrent(way, ciIf(isRepresentative), async ({ expect }) => {
      const { status, said } = await playClaim({ way: '', says: '', ...claim });
      expect(said).toContain('"kind":"done"');
      expect(status).toBe('done');
    });
});
