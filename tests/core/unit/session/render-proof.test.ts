import { expect, test } from 'vitest';
import { makeProof } from '../../../../src/core/session/proof/make-proof.ts';
import { readProof, type SessionProof } from '../../../../src/core/session/proof/proof.ts';
import { proofMarkdown, renderProof } from '../../../../src/core/session/proof/proof-markdown.ts';
import { provedEvents } from '../../../support/proved-events.ts';

const requirements = [{ id: 'R1', text: 'It works', check: 'npm test' }];
const shortProof = (proof: SessionProof) => renderProof(proof, 'short');
const made = (): SessionProof => makeProof(provedEvents({ requirements })) ?? expect.fail('no proof');

test('a short proof says what was required and shown, without a hash', () => {
  const text = shortProof(made());
  expect(text).toContain('Commit `111111111111` on the branch `samocode/x`');
  expect(text).toContain('- ✔ passed: **R1** `It works`, by `npm test`');
  expect(text).toContain('- ✔ passed: `npm test`, 1.2 s');
  expect(text).toContain('The same on the base commit: `npm test` exit status 0.');
  expect(text).not.toMatch(/[0-9a-f]{40}|## Limits/);
});

test.each<[string, Partial<SessionProof>, string]>([
  [
    'the plan leaves out testing',
    { testing: 'Testing: in review - x' },
    'skip its testing: `Testing: in review - x`.',
  ],
  ['no check ran', { checks: undefined }, 'No command has checked this work.'],
  ["only the plan's checks ran", { baseChecks: undefined }, "Only the plan's own checks"],
  ['files are not in the plan', { outsidePlan: ['a.ts'] }, 'not named in the plan: `a.ts`.'],
  ['a test proves nothing', { proveNothing: ['b.test.ts'] }, '`b.test.ts` passes on the base commit too'],
  [
    'a model opened a gate',
    {
      approvals: [
        {
          what: 'plan',
          at: '2026-01-08T10:00:00.000Z',
          by: { channel: 'tool' },
          plan: { name: 'p', hash: 'h' },
        },
      ],
    },
    'Opened by the parent model alone: the plan.',
  ],
  [
    'a form opened a gate',
    {
      approvals: [
        {
          what: 'plan',
          at: '2026-01-08T10:00:00.000Z',
          by: { channel: 'elicitation', client: 'claude-code 2.1.4, started by /usr/bin/node' },
          plan: { name: 'p', hash: 'h' },
        },
      ],
    },
    'Opened by a form or a file, which a program can fill in too: the plan.',
  ],
  [
    'quick work had no plan',
    { quick: { by: { channel: 'cli' } } },
    '- No plan was approved: the work was judged as the task is written.\n- No reviewer has read it.',
  ],
  [
    'a model started quick work',
    { quick: { by: { channel: 'tool' } } },
    '**Started by the parent model alone, without questions and a plan.** No person is known to have decided that.',
  ],
  [
    'there was no guard',
    { agents: [{ provider: 'p', model: '', sandbox: 'none', iterations: 1 }] },
    'The agents ran without a guard',
  ],
])('its limits say where %s', (_, more, sentence) => {
  expect(shortProof({ ...made(), ...more })).toContain(sentence);
});

test('a check that failed is not marked as passed', () => {
  const { checks, ...proof } = made();
  const [run] = checks?.runs ?? [];
  if (checks === undefined || run === undefined) return expect.fail('no run');
  const text = shortProof({ ...proof, checks: { ...checks, runs: [{ ...run, exitCode: 1 }] } });
  expect(text).toContain('✘ exit status 1: `npm test`');
  expect(text).not.toContain('✔');
});

test('quick work that was reviewed has the task as its requirement, and a reader', () => {
  const reviewer = { iteration: 2, provider: 'claude', model: 'opus' };
  const reviewed = [{ id: 'T1', text: 'Name the boats', check: 'reviewed', reviewer }];
  const proof: SessionProof = { ...made(), quick: { by: { channel: 'cli' } }, requirements: reviewed };
  expect(shortProof(proof)).toContain(
    'reviewed: **T1** `Name the boats`, by the agent of iteration 2 (`claude opus`)',
  );
  expect(shortProof(proof)).not.toContain('No reviewer has read it.');
  expect(shortProof(proof)).not.toContain('No person is known');
  expect(renderProof(proof, 'full')).toContain('## Requirements\n\nThe task itself:');
  expect(readProof(proofMarkdown(proof))).toMatchObject({ kind: 'proof', proof: { quick: proof.quick } });
});
