import { after } from 'node:test';
import { newApp } from '../src/app.js';

export const BOOKS = [
  { id: 1, title: 'Notes on the Engine', author: 'Ada Lovelace' },
  { id: 2, title: 'The Education of a Computer', author: 'Grace Hopper' },
  { id: 3, title: 'Letters', author: 'Ada Lovelace' },
];

/** Starts the app on a free port. @returns what a request to `path` answers */
export async function served(books = [...BOOKS]) {
  const server = newApp(books).listen(0);
  after(() => server.close());
  return async (path, init) => {
    const response = await fetch(`http://localhost:${server.address().port}${path}`, init);
    return { status: response.status, body: await response.json() };
  };
}
