import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { SessionEvent } from '../../../src/session/events/events.ts';
import { iterationPaths } from '../../../src/session/layout/paths.ts';
import { restingRig } from '../../support/resting-rig.ts';

const planned = (number: number, proposals: string) =>
  `### Phase ${number}: Step ${number}\nFiles: step-${number}.txt\nCheck: \`test -f step-${number}.txt\`\nProposals: ${proposals}\n- [ ] write it`;

const plan = {
  act: 'document',
  kind: 'plan',
  sections: {
    'Task Definition': 'Steps.',
    'Implementation Phases': [
      planned(1, 'two'),
      planned(2, 'two'),
      planned(3, 'two'),
      planned(4, 'one'),
      planned(5, 'two'),
    ].join('\n\n'),
    Notes: '- none',
  },
};

const lines = (count: number) => Array.from({ length: count }, (_, at) => `line ${at}\n`).join('');
const build = (number: number, count: number) => [
  { act: 'edit', path: `step-${number}.txt`, text: lines(count) },
  { act: 'commit', subject: `Phase ${number}: Step ${number}` },
  { act: 'tick' },
];
const compare = { act: 'document', kind: 'comparison', sections: { Recommendation: 'clean' } };
const end = (phase: string) => ({ act: 'end', did: 'Worked', signal: { status: 'continue', phase } });
const handoff = { act: 'end', did: 'Compared', signal: { status: 'handoff', note: 'next: build it' } };
const implementation = (count: number, ...acts: object[]) => ({
  when: { phase: 'implementation', count },
  do: acts,
});

test.concurrent('code without the comparison that its plan phase asks for is sent back once, then recorded as skipped', async () => {
  const rules = [
    {
      when: { phase: 'planning' },
      do: [plan, { act: 'end', did: 'Planned', signal: { status: 'waiting', for: 'plan_approval' } }],
    },
    // Phase 1: sent back, and made up for.
    implementation(1, ...build(1, 30), end('implementation')),
    implementation(2, compare, end('implementation')),
    // Phase 2: sent back, and skipped again.
    implementation(3, ...build(2, 30), end('implementation')),
    implementation(4, end('implementation')),
    // Phase 3 is small, and phase 4 asks for none.
    implementation(5, ...build(3, 20), end('implementation')),
    implementation(6, ...build(4, 30), end('implementation')),
    // Phase 5: compared in one iteration, built in the next.
    implementation(7, compare, handoff),
    implementation(8, ...build(5, 30), end('testing')),
    { when: { phase: 'testing' }, do: [{ act: 'hang' }] },
  ];
  await using rig = await restingRig('planning', rules, {});
  await rig.until(({ progress }) => progress.phase === 'testing');
  const events = await rig.events();
  const ended = events.filter(isImplementationEnd);
  expect(ended.map(({ comparison }) => comparison && `${comparison.planPhase} ${comparison.state}`)).toEqual([
    '1 missing',
    '1 written',
    '2 missing',
    '2 skipped',
    '3 open',
    undefined,
    '5 written',
    '5 written',
  ]);
  const notices = events.flatMap((event) => (event.type === 'notice' ? [event] : []));
  expect(notices.filter(({ code }) => code === 'comparison_skipped').map(({ text }) => text)).toEqual([
    expect.stringContaining('Plan phase 2 asks for two proposals. 30 lines were changed for it'),
  ]);
  const prompts = ended.map(({ iteration }) => readFile(iterationPaths(rig.paths, iteration).prompt, 'utf8'));
  const sentBack = (await Promise.all(prompts)).map((text) =>
    text.includes('there is no comparison document'),
  );
  expect(sentBack).toEqual([false, true, false, true, false, false, false, false]);
});

type Ended = Extract<SessionEvent, { type: 'iteration_ended' }>;

function isImplementationEnd(event: SessionEvent): event is Ended {
  return event.type === 'iteration_ended' && event.phase === 'implementation';
}
