// What the rehearsal plays in an example: the same way through the phases, with the example's own questions, plan and edits.
// A scenario is data; tests/difficult-children/README.md describes it.

const end = (did, signal) => ({ act: 'end', did, signal });
const goOn = (did, phase, more = {}) => end(did, { status: 'continue', phase, ...more });
const document = (kind, sections, title) => ({ act: 'document', kind, sections, ...(title && { title }) });

/**
 * @param about one sentence for people
 * @param questions each `{ text, options, suggestion: { letters, reason } }`
 * @param requirements each `{ id, text, check }`; `check: 'reviewed'` for what no command shows
 * @param phases of the plan, each `{ name, files, check, steps, does }`; `does`: the acts of the agent, the failing check aside
 * @param testing why nothing can be tested, for work that changes no code
 */
export function scriptedAgent({ about, questions, requirements, title, context, phases, testing }) {
  const reviewed = requirements.flatMap(({ id, check }) => (check === 'reviewed' ? [id] : [])).join(',');
  const judged = reviewed ? { reviewed } : {};
  return {
    about,
    rules: [
      {
        when: { phase: 'requirements', questions: 'none' },
        do: [{ act: 'ask', title, questions }, end('Asked', { status: 'waiting', for: 'qa_answers' })],
      },
      {
        when: { phase: 'requirements', questions: 'answered' },
        do: [
          document('requirements', {
            Summary: '%{task}',
            'Architectural Decisions': '%{answers}',
            'Out of Scope': '- Everything that the task does not name',
          }),
          { act: 'ledger', requirements },
          goOn('Wrote the requirements', 'planning'),
        ],
      },
      {
        when: { phase: 'planning' },
        do: [
          document('plan', planSections({ requirements, context, phases, testing }), title),
          end('Wrote the plan', { status: 'waiting', for: 'plan_approval' }),
        ],
      },
      ...phases.map((phase, index) => implemented(phase, index + 1, nextAfter(index, phases, testing))),
      {
        when: { phase: 'quality' },
        do: [
          document('quality-review', {
            Summary: 'A rehearsal has no reviewers: this is a scripted look.',
            Blocking: '- none',
            'Final Status': 'Nothing to fix.',
          }),
          goOn('Quality review: nothing to fix', testing ? 'done' : 'testing', judged),
        ],
      },
      {
        when: { phase: 'done' },
        do: [
          document('summary', {
            Overview: '%{task}',
            Files: '%{commits}',
            Testing: testing ?? '%{tests}: run after the implementation and after the review.',
            'PR Description': '%{task}',
          }),
          end('Wrote the summary', {
            status: 'done',
            summary: `Plan phases carried out: ${phases.length}. A rehearsal: no model was asked.`,
          }),
        ],
      },
    ],
  };
}

function nextAfter(index, phases, testing) {
  if (index < phases.length - 1) return 'implementation';
  return testing ? 'quality' : 'testing';
}

function planSections({ requirements, context, phases, testing }) {
  return {
    'Task Definition': testing ? `%{task}\n\nTesting: none - ${testing}` : '%{task}',
    Requirements: requirements.map(({ id, text }) => `- [ ] ${id}: ${text}`).join('\n'),
    Context: context,
    'Implementation Phases': phases
      .map(({ name, files, check, steps }, index) =>
        [
          `### Phase ${index + 1}: ${name}`,
          ...(files ? [`Files: ${files.join(', ')}`] : []),
          ...(check ? [`Check: \`${check}\``] : []),
          ...steps.map((step) => `- [ ] ${step}`),
        ].join('\n'),
      )
      .join('\n\n'),
    Notes: '- Each phase is one commit, its check first.',
  };
}

/** The check fails first, the work makes it pass, then one commit. */
function implemented({ name, files, check, does }, number, next) {
  const before = check ? [{ act: 'check', command: check, mayFail: true }] : [];
  const after = check ? [{ act: 'check', command: check }] : [];
  return {
    when: { phase: 'implementation', planPhase: number },
    do: [
      ...before,
      ...does,
      ...after,
      ...(files ? [{ act: 'commit', subject: `Phase ${number}: ${name}` }] : []),
      { act: 'tick' },
      goOn(`Phase ${number} done: ${name}`, next),
    ],
  };
}
