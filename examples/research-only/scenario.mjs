export default {
  about: 'A question is answered by a measurement; no code is changed.',
  story: {
    title: 'One file or a line per note',
    questions: [
      {
        text: 'How many notes must the notebook hold? It decides what is measured.',
        options: ['100', '1000', '100000'],
        suggestion: { letters: ['B'], reason: 'it is ten times what a person writes in a year' },
      },
    ],
    requirements: [
      { id: 'R1', text: 'The recommendation rests on a measurement of both ways', check: 'reviewed' },
    ],
    context: '`measure.mjs` counts the bytes that both ways write.',
    testing: 'research: the outcome is a document, and no code is changed',
    phases: [
      {
        name: 'Measure and compare',
        steps: ['Run the measurement', 'Write the comparison with its recommendation'],
        does: [
          { act: 'check', command: 'node measure.mjs 1000' },
          {
            act: 'document',
            kind: 'comparison',
            sections: {
              Differences: 'Measured with `node measure.mjs 1000`:\n\n%{output}',
              'Pros and Cons':
                '- One file: simple to read; writes everything again at each change\n- A line per note: writes only what is new; a deleted note needs a rewrite',
              Risks: 'A torn last line must be recognised when the file is read.',
              Recommendation:
                'Append a line per note: what one file writes grows with the square of the number of notes.',
            },
          },
        ],
      },
    ],
  },
};
