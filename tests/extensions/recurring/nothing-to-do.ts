/** Work that changes no file. */
export const NOTHING_TO_DO = {
  paceMs: 0,
  story: {
    questions: [
      { text: 'Which?', options: ['a', 'b'], suggestion: { letters: ['A'], reason: 'It is first' } },
    ],
    requirements: [{ id: 'R1', text: 'The libraries are current', check: 'reviewed' }],
    context: 'All libraries are current.',
    testing: 'Nothing was changed',
    phases: [{ name: 'Look', steps: ['Look at the versions'], does: [] }],
  },
};
