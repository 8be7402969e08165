import { counted } from '../../../core/kernel/text.ts';
import { REVIEWED } from '../../../core/session/documents/requirements.ts';
import type { Rule, ScenarioAct, Story } from './scenario.ts';

/** The agent's work for each plan phase of a story; the rest is in `honest-work.json`. */
export function storyRules({ phases }: Story): readonly Rule[] {
  return [atOnce(phases), ...phases.map((phase, index) => implemented(phase, index + 1, phases.length))];
}

/** All of the work by the one agent of a quick session. */
function atOnce(phases: Story['phases']): Rule {
  return {
    when: { phase: 'implementation', planPhase: 'none' },
    do: [
      ...phases.flatMap(({ check, first, does }): ScenarioAct[] => [
        ...first,
        { act: 'check', command: check, mayFail: true },
        ...does,
        { act: 'check', command: check, mayFail: false },
      ]),
      { act: 'commit', subject: '%{title}' },
      {
        act: 'document',
        kind: 'summary',
        title: '%{slug}',
        sections: { Changes: '%{title}', 'PR Description': '%{title}' },
      },
      {
        act: 'end',
        did: 'Did the task',
        signal: { status: '%{status}', phase: '%{reviewer}', summary: '%{title}' },
      },
    ],
  };
}

/** The rule for one plan phase: its check fails first, the work makes it pass, and one commit follows. */
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
      {
        act: 'end',
        did: `Phase ${number} done: ${name}`,
        signal: { status: 'continue', phase: number < count ? 'implementation' : '%{afterPlan}' },
      },
    ],
  };
}

/** The texts of honest work that depend on the story. */
export function storyTexts(story: Story): Record<string, string> {
  const { title, questions, outOfScope, requirements, context, phases, testing = '' } = story;
  const planned = phases.map(({ name, files, check, steps }, index) => [
    `### Phase ${index + 1}: ${name}`,
    ...(files.length > 0 ? [`Files: ${files.join(', ')}`] : []),
    ...(check === '' ? [] : [`Check: \`${check}\``]),
    ...steps.map((step) => `- [ ] ${step}`),
  ]);
  const isTested = testing === '';
  return {
    title,
    outOfScope,
    context,
    questions: counted(questions.length, 'question'),
    asked: requirements.map(({ id, text }) => `- [ ] ${id}: ${text}`).join('\n'),
    planned: planned.map((lines) => lines.join('\n')).join('\n\n'),
    reviewed: requirements.flatMap(({ id, check }) => (check === REVIEWED ? [id] : [])).join(','),
    noTests: testing,
    afterPlan: isTested ? 'testing' : 'quality',
    howTested: isTested ? '%{tests}: run after the implementation.' : '',
    built: `${counted(phases.length, 'phase')}${isTested ? ', tested' : ''}`,
  };
}
