import { after } from 'node:test';
import { newApp } from '../src/app.js';
import { BOOKS } from './books.js';

/** Starts the app on a free port. @returns what a request to `path` answers */
export async function served(books = [...BOOKS]) {
  const server = newApp(books).listen(0);
  after(() => server.close());
  return async (path, init) => {
    const response = await fetch(`http://localhost:${server.address().port}${path}`, init);
    return { status: response.status, body: await response.json() };
  };
}
