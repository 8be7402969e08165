import fc from 'fast-check';

const EOLS = ['\n', '\r\n', '\n', '\r', ' \n', '\n\n'];

/** Any text: printable, emoji, lone surrogates, control characters. */
export const anyText = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    '',
    ' ',
    '\u2028',
    '\u0000',
    '🙂 ünï',
    '\uFEFF',
    '\ud800',
    '---',
    '```',
    '~~~~',
    '> x',
    '<br>',
  ),
);

/** A document made of the given lines, free text and fences, with any line endings. */
export function documentOf(lines: readonly string[]): fc.Arbitrary<string> {
  const line = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...lines) },
    { weight: 1, arbitrary: anyText },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '```',
        '```ts',
        '````',
        '~~~',
        '',
        '  ',
        '# T',
        '## X',
        '### Y',
        '- item',
        '[x',
        '> q',
      ),
    },
  );
  const parts = fc.array(fc.tuple(line, fc.constantFrom(...EOLS)), { maxLength: 25 });
  return fc.tuple(fc.constantFrom('', '\uFEFF'), parts, fc.boolean()).map(([bom, all, isEnded]) => {
    const text = all.map(([body, eol]) => body + eol).join('');
    return bom + (isEnded ? text : text.replace(/[\r\n]+$/, ''));
  });
}

/** Whether `whole` contains `part` in the same order, possibly with other elements in between. */
export function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const item of whole) if (at < part.length && part[at] === item) at += 1;
  return at === part.length;
}
