import { newApp } from './app.js';

const server = newApp().listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`Books on http://localhost:${server.address().port}/books`);
});
