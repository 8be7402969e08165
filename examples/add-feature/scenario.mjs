const LIST = `    response.json(books);`;

export default {
  about: 'A list of books learns to be filtered and paged.',
  story: {
    title: 'Find books, page by page',
    questions: [
      {
        text: 'How long is a page unless the request says so? It decides what existing users of GET /books get.',
        options: ['all books, as now', '20 books'],
        suggestion: { letters: ['A'], reason: 'those who call it today get no less' },
      },
      {
        text: 'What is the answer to a page that is not a number?',
        options: ['status 400 with a reason', 'the first page'],
        suggestion: { letters: ['A'], reason: 'a typing error is seen at once' },
      },
    ],
    requirements: [
      {
        id: 'R1',
        text: 'The books of one author are found, in any case',
        check: 'node --test test/author.test.js',
      },
      {
        id: 'R2',
        text: 'limit and page give a part of the list, and bad ones are refused',
        check: 'node --test test/pages.test.js',
      },
      { id: 'R3', text: 'GET /books without a query gives all books, as before', check: 'reviewed' },
      { id: 'R4', text: 'The README describes both', check: 'grep -q "page=" README.md' },
      {
        id: 'R5',
        text: 'The page has a field for the author',
        check: 'grep -q "name=.author" public/index.html',
      },
    ],
    context:
      'src/app.js has all routes; support/served.js starts the app on a free port for tests; public/ has the page.',
    phases: [
      {
        name: 'Books of one author',
        files: ['public/index.html', 'src/app.js', 'test/author.test.js'],
        check: 'node --test test/author.test.js',
        steps: ['A test for the author, in another case', 'Filter by author', 'A field for the author'],
        does: [
          {
            act: 'edit',
            path: 'test/author.test.js',
            text: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOOKS } from '../support/books.js';
import { served } from '../support/served.js';

test('the books of one author are found, in any case', async () => {
  const ask = await served();
  const { body } = await ask('/books?author=ada%20LOVELACE');
  assert.deepEqual(body, [BOOKS[0], BOOKS[2]]);
});

test('an author without books has an empty list', async () => {
  const ask = await served();
  assert.deepEqual((await ask('/books?author=Nobody')).body, []);
});
`,
          },
          {
            act: 'edit',
            path: 'src/app.js',
            replace: [
              ["app.get('/books', (_request, response)", "app.get('/books', (request, response)"],
              [
                LIST,
                `    const author = request.query.author?.toLowerCase();
    const found = author ? books.filter((book) => book.author.toLowerCase() === author) : books;
    response.json(found);`,
              ],
            ],
          },
          {
            act: 'edit',
            path: 'public/index.html',
            replace: [
              [
                '  <ul',
                '  <form>\n    <label>Author <input name="author" /></label>\n    <button>Find</button>\n  </form>\n  <ul',
              ],
              ["fetch('/books')", "fetch('/books' + location.search)"],
            ],
          },
        ],
      },
      {
        name: 'Page by page',
        files: ['src/app.js', 'src/page.js', 'test/pages.test.js'],
        check: 'node --test test/pages.test.js',
        steps: ['Tests for a page, the last page and a bad number', 'Cut the list by limit and page'],
        does: [
          {
            act: 'edit',
            path: 'test/pages.test.js',
            text: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOOKS } from '../support/books.js';
import { served } from '../support/served.js';

test('a page has as many books as its limit, the last one the rest', async () => {
  const ask = await served();
  assert.deepEqual((await ask('/books?limit=2&page=1')).body, BOOKS.slice(0, 2));
  assert.deepEqual((await ask('/books?limit=2&page=2')).body, BOOKS.slice(2));
});

test('without a limit all books are given, as before', async () => {
  const ask = await served();
  assert.deepEqual((await ask('/books')).body, BOOKS);
});

test('a limit or page other than a whole number from 1 is refused', async () => {
  const ask = await served();
  for (const query of ['limit=0', 'limit=two', 'limit=1&page=-1', 'limit=1.5'])
    assert.equal((await ask(\`/books?\${query}\`)).status, 400, query);
});
`,
          },
          {
            act: 'edit',
            path: 'src/page.js',
            text: `const isCount = (text) => /^[1-9]\\d*$/.test(text);

/** The part of \`list\` that a query asks for; undefined where limit or page is no whole number from 1. */
export function pageOf(list, { limit, page = '1' }) {
  if (limit === undefined) return list;
  if (!isCount(limit) || !isCount(page)) return undefined;
  const start = (Number(page) - 1) * Number(limit);
  return list.slice(start, start + Number(limit));
}
`,
          },
          {
            act: 'edit',
            path: 'src/app.js',
            replace: [
              [
                "import express from 'express';",
                "import express from 'express';\nimport { pageOf } from './page.js';",
              ],
              [
                '    response.json(found);',
                `    const page = pageOf(found, request.query);
    if (!page) return response.status(400).json({ error: 'limit and page are whole numbers from 1.' });
    return response.json(page);`,
              ],
            ],
          },
        ],
      },
      {
        name: 'Describe it',
        files: ['README.md'],
        check: 'grep -q "page=" README.md',
        steps: ['Both queries in the README'],
        does: [
          {
            act: 'edit',
            path: 'README.md',
            replace: [
              [
                '- `POST',
                '- `GET /books?author=Ada%20Lovelace` lists those of one author, in any case\n- `GET /books?limit=20&page=2` lists a page; it works with `author` too\n- `POST',
              ],
            ],
          },
        ],
      },
    ],
  },
};
