import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillTemplate, type TextPart } from '../../../../../src/extensions/github/publish/fill-template.ts';

const part = (topic: TextPart['topic'], heading: string): TextPart => ({
  topic,
  heading,
  body: `(${topic})`,
});
const PARTS = [
  part('summary', 'Summary'),
  part('why', 'Why'),
  part('checks', 'Checks'),
  part('limits', 'Limits'),
];

const TEMPLATE = `<!--
## Description: an example
-->
# Description

Please include a summary.

<!-- In short:
## Why
-->

Fixes # (issue)

## Type of change

- [ ] Bug fix

## Motivation and Context

# How Has This Been Tested?

- [ ] Test A

# Checklist:

- [ ] I have performed a self-review
`;

test('each part is added to the end of the section about its topic, and the others below the template', () => {
  const lines = fillTemplate(TEMPLATE, PARTS)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const after = (line: string) => lines[lines.indexOf(line) - 1];
  expect(after('(summary)')).toBe('Fixes # (issue)');
  expect(after('(why)')).toBe('## Motivation and Context');
  expect(after('(checks)')).toBe('- [ ] Test A');
  expect(lines.slice(-3)).toEqual(['- [ ] I have performed a self-review', '## Limits', '(limits)']);
});

test('filling changes nothing of the template itself: no box is ticked, no word is lost', () => {
  const own = (line: string) => !/^\((?:summary|why|checks|limits)\)$|^## Limits$/.test(line) && line !== '';
  const filled = fillTemplate(TEMPLATE, PARTS).split('\n').filter(own);
  expect(filled).toEqual(TEMPLATE.split('\n').filter((line) => line !== ''));
});

test.each([
  ['## What does this PR do?', 'summary'],
  ['## Overview', 'summary'],
  ['### Background', 'why'],
  ['## Test plan', 'checks'],
  ['## Risks and rollback', 'limits'],
] as const)('below %s, the part about %s is filled in', (heading, topic) => {
  expect(fillTemplate(`${heading}\n\n## End\n`, [part(topic, 'Own')])).toContain(
    `${heading}\n\n(${topic})\n\n## End`,
  );
});

test.each(['## Checklist', '## Type of changes', '## Breaking changes', '## Related issues'])(
  'nothing is filled in below %s, which a person must answer',
  (heading) => {
    const parts = [part('summary', 'Summary'), part('checks', 'Checks'), part('changes', 'Changes')];
    expect(fillTemplate(`${heading}\n\n- [ ] a\n`, parts)).toMatch(
      /^## [^\n]+\n\n- \[ \] a\n\n## Summary\n\n\(summary\)/,
    );
  },
);

test('every part is in the filled text exactly once, whatever the template contains', () => {
  const line = fc.constantFrom(
    '# What',
    '## Why',
    '## Tests',
    '<!--',
    '-->',
    '```',
    '- [ ] x',
    '',
    'Text',
    '\r',
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 15 }), (lines) => {
      const filled = fillTemplate(lines.join('\n'), PARTS);
      for (const { body } of PARTS) expect(filled.split(body)).toHaveLength(2);
    }),
  );
});
