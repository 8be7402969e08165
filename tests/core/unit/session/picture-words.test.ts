import { expect, test } from 'vitest';
import { pictureSentences } from '../../../../src/core/session/documents/picture-words.ts';
import type { PicturesTaken } from '../../../../src/core/session/events/bodies/pictures.ts';

const PICTURE = { file: 'pictures/a.png', hash: 'a', width: 1280, height: 900 };
const TAKEN: PicturesTaken = { base: 'b', commit: 'c', pages: [], uiFiles: ['web/styles.css'] };

test('a changed page is named with its width, and a redirect with it', () => {
  const row = { page: '/', before: PICTURE, after: PICTURE };
  const pages = [
    { ...row, width: 1280, differing: 12 },
    { ...row, width: 390, differing: 0, said: 'it redirects to /login' },
  ];
  expect(pictureSentences({ ...TAKEN, pages })).toEqual([
    '1 of 2 pictures differ: `/` at 1280 px.',
    '`/` at 390 px: `it redirects to /login`.',
  ]);
});

test('what was compared, and changed files that decide what people see, are named if no picture differs', () => {
  const row = { page: '/', before: PICTURE, differing: 0 };
  const pages = [
    { ...row, width: 1280, after: { ...PICTURE, height: 2400 } },
    { ...row, width: 390, after: PICTURE },
    { page: '/login', width: 1280, after: PICTURE },
  ];
  expect(pictureSentences({ ...TAKEN, pages })).toEqual([
    'No picture differs, although `web/styles.css` changed. Compared, as they open without a click or a login: `/` at 1280 px, 2400 px high; `/` at 390 px, 900 px high.',
  ]);
});

test('the reason is given if no picture was taken', () => {
  expect(pictureSentences({ ...TAKEN, said: 'no browser was found' })).toEqual([
    'No picture was taken, although `web/styles.css` changed: `no browser was found`.',
  ]);
});
