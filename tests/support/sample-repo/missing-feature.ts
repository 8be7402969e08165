import type { PlannedWork } from '../model-stub/planned-work.ts';

/** What the scripted model plans and builds in the sample repository, phase by phase. */
export const COMPOUND_AMOUNTS: PlannedWork = {
  task: 'Read compound amounts such as "5 ft 3 in" and convert them to one unit.',
  slug: 'compound-amounts',
  phases: [
    {
      name: 'Read compound amounts',
      check: 'node tests/parse-compound.test.js',
      newFiles: {
        'src/parse-compound.js': `import { parse } from './parse.js';

/** Reads "5 ft 3 in" as a list of amounts, largest first as written. */
export function parseCompound(text) {
  const parts = text.match(/-?\\d+(?:\\.\\d+)?\\s*[A-Za-z]+/g);
  if (!parts || parts.join('').replace(/\\s/g, '') !== text.replace(/\\s/g, '')) {
    throw new Error(\`not an amount: \${text}\`);
  }
  return parts.map(parse);
}
`,
        'tests/parse-compound.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCompound } from '../src/parse-compound.js';

test('a compound amount is a list of amounts', () => {
  assert.deepEqual(parseCompound('5 ft 3in'), [
    { value: 5, unit: 'ft' },
    { value: 3, unit: 'in' },
  ]);
});

test('a rest that is no amount is refused', () => {
  assert.throws(() => parseCompound('5 ft and 3 in'), /not an amount/);
});
`,
      },
    },
    {
      name: 'Convert them in the command',
      check: 'node bin/quay.js "5 ft 3 in" in | grep -qx "63 in"',
      edits: [
        {
          path: 'bin/quay.js',
          replace: `import { parse } from '../src/parse.js';`,
          by: `import { parseCompound } from '../src/parse-compound.js';`,
        },
        {
          path: 'bin/quay.js',
          replace:
            'const { value, unit } = parse(amount);\nconsole.log(format(convert(value, unit, target), target));',
          by:
            'const total = parseCompound(amount).reduce((sum, { value, unit }) => sum + convert(value, unit, target), 0);\n' +
            'console.log(format(total, target));',
        },
      ],
    },
    {
      name: 'Document them',
      check: 'grep -q "5 ft 3 in" README.md',
      edits: [
        {
          path: 'README.md',
          replace: '    quay "3.5 km" mi',
          by: '    quay "3.5 km" mi\n    quay "5 ft 3 in" cm',
        },
      ],
    },
  ],
};
