import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readOverview } from '../../src/session/documents/overview.ts';
import {
  countFlow,
  missingEntries,
  OLDER_FLOW_NOTE,
  withOlderFlowNote,
  withoutOldFlow,
} from '../../src/session/legacy/old-flow.ts';

const overview = (flow: readonly string[], eol = '\n') =>
  [
    '# Session: x',
    '',
    '## Status',
    'Phase: testing',
    '',
    '## Flow Log',
    ...flow,
    '',
    '## Files',
    'a.ts',
    '',
  ].join(eol);

const always = () => true;

test('the oldest entries go with the lines that belong to them, the newest stay', () => {
  const text = overview([
    '- [001] One',
    '  goes on',
    '* [002] Two',
    'a remark',
    '[003] Three',
    '- [004] Four',
  ]);
  expect(withoutOldFlow(text, 2, always)).toEqual({
    text: overview([OLDER_FLOW_NOTE, 'a remark', '[003] Three', '- [004] Four']),
    entries: [
      { key: '[001] One', text: '- [001] One\n  goes on\n' },
      { key: '[002] Two', text: '* [002] Two\n' },
    ],
  });
});

test('an entry that may not go stays where it was', () => {
  const text = overview(['- mine', '- theirs', '- new']);
  expect(withoutOldFlow(text, 1, (key) => key !== 'mine')?.text).toBe(
    overview([OLDER_FLOW_NOTE, '- mine', '- new']),
  );
  expect(withoutOldFlow(text, 1, () => false)).toBeUndefined();
});

test('the note stands there once, and is no entry', () => {
  const once = withOlderFlowNote(overview(['- a', '- b', '- c']));
  expect(withOlderFlowNote(once)).toBe(once);
  expect(countFlow(once)).toBe(3);
  expect(withoutOldFlow(once, 1, always)?.text).toBe(overview([OLDER_FLOW_NOTE, '- c']));
  expect(withOlderFlowNote('# Session: x\n')).toBe('# Session: x\n');
});

test('CRLF and a byte order mark stay; what is put away has line feeds', () => {
  const text = `\uFEFF${overview(['- a', '- b'], '\r\n')}`;
  const { text: left, entries } = withoutOldFlow(text, 1, always) ?? { text: '', entries: [] };
  expect(left).toBe(`\uFEFF${overview([OLDER_FLOW_NOTE, '- b'], '\r\n')}`);
  expect(entries).toEqual([{ key: 'a', text: '- a\n' }]);
});

test('an entry that was put away is not put away again', () => {
  const entries = [
    { key: 'a', text: '- a\n' },
    { key: 'b', text: '- b\n  more\n' },
  ];
  expect(missingEntries('', entries)).toBe('- a\n- b\n  more\n');
  expect(missingEntries('* a\n', entries)).toBe('- b\n  more\n');
  expect(missingEntries('- a\n- b\n  more\n', entries)).toBe('');
});

const line = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.constantFrom('## Flow Log', '- x', '  - y', '[001 @ 01-08] z', '```', '  goes on', '', '## Files'),
);

test('whatever an overview holds: no line is lost, the newest entries stay, and a second call finds nothing', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), (lines, keep) => {
      const text = lines.join('\n');
      const { flow } = readOverview(text);
      const { text: left, entries } = withoutOldFlow(text, keep, always) ?? { text, entries: [] };
      const after = [...entries.flatMap((entry) => entry.text.split('\n')), ...left.split('\n')];
      for (const each of text.split('\n')) expect(after).toContain(each.replace(/\r$/, ''));
      expect(entries.map(({ key }) => key)).toEqual(flow.slice(0, -keep));
      expect(readOverview(left).flow).toEqual(flow.slice(-keep));
      expect(withoutOldFlow(left, keep, always)).toBeUndefined();
    }),
  );
});
