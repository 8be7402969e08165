import fc from 'fast-check';
import { expect, test } from 'vitest';
import { editedSince, marked } from '../../../../../src/extensions/github/publish/text-mark.ts';

const words = fc.record({ title: fc.string(), body: fc.string({ unit: 'binary' }) });

test('a text that samocode wrote counts as unedited, whatever a forge does to its line ends', () => {
  fc.assert(
    fc.property(words, ({ title, body }) => {
      const text = marked({ title, body });
      for (const stored of [text, text.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n'), text.trimEnd()])
        expect(editedSince({ title, body: stored })).toEqual({ title: false, body: false });
    }),
  );
});

test('a text that differs, or has lost its mark, counts as edited', () => {
  const text = marked({ title: 'Name the boats', body: 'All of them.' });
  const title = 'Name the boats';
  const edited = [
    text.replace('All', 'Some'),
    `${text}\nand more`,
    'All of them.',
    '',
    marked({ title, body: 'x' }) + text,
  ];
  expect(edited.map((body) => editedSince({ title, body }).body)).toEqual(edited.map(() => true));
  expect(editedSince({ title: 'Names', body: text })).toEqual({ title: true, body: false });
});
