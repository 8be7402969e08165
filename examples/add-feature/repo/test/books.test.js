import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOOKS } from '../support/books.js';
import { served } from '../support/served.js';

test('all books are listed', async () => {
  const ask = await served();
  assert.deepEqual(await ask('/books'), { status: 200, body: BOOKS });
});

test('a book without an author is refused', async () => {
  const ask = await served();
  const headers = { 'content-type': 'application/json' };
  const { status } = await ask('/books', { method: 'POST', headers, body: '{"title":"Untitled"}' });
  assert.equal(status, 400);
});
