// Gives the running app some books to show.
import { BOOKS } from './books.js';

for (const book of BOOKS) {
  const body = JSON.stringify(book);
  const headers = { 'content-type': 'application/json' };
  const { ok, status } = await fetch(`http://localhost:${process.env.PORT}/books`, {
    method: 'POST',
    headers,
    body,
  });
  if (!ok) throw new Error(`The answer to ${body} was ${status}.`);
}
