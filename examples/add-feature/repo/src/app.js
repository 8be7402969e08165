import express from 'express';

export function newApp(books = []) {
  const app = express();
  app.use(express.json());
  app.use(express.static('public'));

  app.get('/books', (_request, response) => {
    response.json(books);
  });

  app.post('/books', (request, response) => {
    const { title, author } = request.body ?? {};
    if (!title || !author) return response.status(400).json({ error: 'A book needs a title and an author.' });
    const book = { id: books.length + 1, title, author };
    books.push(book);
    return response.status(201).json(book);
  });

  return app;
}
