import { counted } from '../base/plain-words.ts';
import { REVIEWED } from '../session/documents/requirements.ts';
import type { Rule, ScenarioAct, Story } from './scenario.ts';

/** What an agent does that carries out this story, beside what every honest agent does in `honest-work.json`. */
export function storyRules({ title, questions, outOfScope, requirements, phases }: Story): readonly Rule[] {
  const asked = `${counted(questions.length, 'question')} asked`;
  const sections = {
    Summary: '%{task}',
    'Architectural Decisions': '%{answers}',
    'Out of Scope': outOfScope,
  };
  return [
    {
      when: { phase: 'requirements', questions: 'none' },
      do: [
        { act: 'ask', title, questions },
        { act: 'end', did: asked, signal: { status: 'waiting', for: 'qa_answers' } },
      ],
    },
    {
      when: { phase: 'requirements', questions: 'answered' },
      do: [
        { act: 'document', kind: 'requirements', title: '%{slug}', sections },
        { act: 'ledger', requirements },
        goOn('Wrote the requirements', 'planning'),
      ],
    },
    ...phases.map((phase, index) => implemented(phase, index + 1, phases.length)),
  ];
}

/** One plan phase: its check fails first, the work makes it pass, then one commit. */
function implemented(
  { name, files, check, first, does }: Story['phases'][number],
  number: number,
  count: number,
): Rule {
  const checked = (mayFail: boolean): ScenarioAct => ({ act: 'check', command: check, mayFail });
  const commit: ScenarioAct = { act: 'commit', subject: `Phase ${number}: ${name}` };
  return {
    when: { phase: 'implementation', planPhase: number },
    do: [
      { act: 'say', text: `Phase ${number} of ${count}: ${name}. Its check must fail first.` },
      ...[...first, checked(true), ...does, checked(false)],
      ...(files.length > 0 ? [commit] : []),
      { act: 'tick' },
      goOn(`Phase ${number} done: ${name}`, number < count ? 'implementation' : '%{afterPlan}'),
    ],
  };
}

function goOn(did: string, phase: string): ScenarioAct {
  return { act: 'end', did, signal: { status: 'continue', phase } };
}

/** What honest work says and does that depends on the story. */
export function storyWords({
  title,
  requirements,
  context,
  phases,
  testing = '',
}: Story): Record<string, string> {
  const planned = phases.map(({ name, files, check, steps }, index) => [
    `### Phase ${index + 1}: ${name}`,
    ...(files.length > 0 ? [`Files: ${files.join(', ')}`] : []),
    ...(check === '' ? [] : [`Check: \`${check}\``]),
    ...steps.map((step) => `- [ ] ${step}`),
  ]);
  const isTested = testing === '';
  return {
    title,
    context,
    asked: requirements.map(({ id, text }) => `- [ ] ${id}: ${text}`).join('\n'),
    planned: planned.map((lines) => lines.join('\n')).join('\n\n'),
    reviewed: requirements.flatMap(({ id, check }) => (check === REVIEWED ? [id] : [])).join(','),
    noTests: testing,
    afterPlan: isTested ? 'testing' : 'quality',
    afterReview: isTested ? 'testing' : 'done',
    testedTwice: isTested ? '%{tests}: run after the implementation and after the review.' : '',
    built: `${counted(phases.length, 'phase')}${isTested ? ', tested twice' : ''}`,
  };
}
