import { describe, test } from 'vitest';
import { PLAN } from './false-claims/claim.ts';
import { playClaim } from './false-claims/play-claim.ts';
import { FALSE_CLAIMS } from './false-claims/rows.ts';

describe('a session is not done when its agent', () => {
  test.concurrent.for(FALSE_CLAIMS.map((claim) => [claim.way, claim] as const))(
    '%s',
    async ([, claim], { expect }) => {
      const { status, said } = await playClaim(claim);
      expect(said).toContain(claim.says);
      expect(status).not.toBe('done');
    },
  );
});

test('what is claimed falsely again and again is sent back three times, then the session blocks with the list', async ({
  expect,
}) => {
  const { said, iterations } = await playClaim({
    way: 'passes on to quality again and again',
    phase: 'testing',
    isAgain: true,
    before: '',
    signal: { status: 'continue', phase: 'quality' },
    says: '',
  });
  expect(said).toMatch(
    /^\{"reason":"The work is not done: the plan promises code, but .*"rule":"false_done"/,
  );
  // Testing claims it four times, with implementation between.
  expect(iterations).toBe(7);
});

describe('a session is done when its agent', () => {
  const COMMIT = 'git add -A; git commit -qm Work';
  test.concurrent.for([
    ['has done what the plan says', {}],
    ['commits the last of it in the end', { does: `echo x >>src/cli.js; ${COMMIT}` }],
    [
      'has only made a file executable',
      { before: `chmod +x test.sh; ${COMMIT}`, plan: '### Phase 1\nFiles: test.sh\n- [x] a' },
    ],
    ['follows a plan without files', { before: '', plan: '### Phase 1: look\n- [x] a' }],
    ['follows a plan without phases', { before: '', plan: '# Plan: look' }],
    [
      'has researched by a plan without tests',
      {
        before: '',
        plan: `Testing: none - it is research\n### Phase 1: look\nFiles: 01-08-1100-dive-x.md\n- [x] a`,
      },
    ],
    [
      'has touched files that the plan names by a folder, a pattern or with a note',
      {
        plan: '### Phase 1\nFiles: src/\n- [x] a\n### Phase 2\nFiles: `src/*.js`\n- [x] a\n### Phase 3\nFiles:\n- `src/cli.js` - new\n- [x] a',
      },
    ],
    ['has a plan whose files cannot be looked up', { plan: '### Phase 1\nFiles: test/{a,b}.js\n- [x] a' }],
    ['has no check', { checks: [] }],
    [
      'has met its requirements',
      { ledger: [{ id: 'R1', text: 'It has a store', check: 'test -e src/store.js' }] },
    ],
    [
      'has a plan with open requirement boxes',
      { plan: PLAN.replace('## Impl', '## Requirements\n- [ ] R1: x\n## Impl') },
    ],
    [
      'has read the message',
      {
        message: 'before' as const,
        does: 'sed -i "s/^Last Action:.*/Last Action: $(ls "$SESSION"/_inbox | tr "\\n" " ")/" "$SESSION/_overview.md"',
      },
    ],
  ] as const)('%s', async ([, claim], { expect }) => {
    const { status, said } = await playClaim({ way: '', says: '', ...claim });
    expect(said).toContain('"kind":"done"');
    expect(status).toBe('done');
  });
});
